package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Iterator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stream behind the live page. */
@Timeout(30)
class LiveTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static HttpResponse<Stream<String>> open(RunningApp app) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(app.uri("/live")).build(), BodyHandlers.ofLines());
  }

  /** Reads on to the next event of that name. */
  private static JsonNode next(Iterator<String> lines, String event) throws IOException {
    while (lines.hasNext()) {
      if (lines.next().equals("event: " + event)) {
        return JSON.readTree(lines.next().substring("data: ".length()));
      }
    }
    throw new AssertionError("the stream ended before an event " + event);
  }

  @Test
  void ticksCarryWhatWasSent() throws Exception {
    try (RunningApp app = RunningApp.with()) {
      app.put("/api/buckets/1", "12345");
      app.get("/api/buckets/1");
      app.put("/api/buckets/2", "12345");
      app.delete("/api/buckets/2");

      Iterator<String> lines = open(app).body().iterator();
      JsonNode history = next(lines, "history");
      JsonNode tick = next(lines, "tick");
      while (tick.at("/totals/requests").asInt() < 4) {
        tick = next(lines, "tick");
      }

      assertThat(history.get("points").isArray()).isTrue();
      assertThat(tick.at("/point/p50").asDouble()).isBetween(0.00001, 1.0);
      assertThat(tick.at("/totals/statuses").toString()).isEqualTo("{\"200\":3,\"500\":1}");
      assertThat(tick.at("/totals/delete_status").asInt()).isEqualTo(500);
      assertThat(tick.at("/totals/ready").asBoolean()).isTrue();
      assertThat(tick.at("/point/objects").asInt()).isEqualTo(1);
      assertThat(tick.at("/point/bytes").asInt()).isEqualTo(5);
      assertThat(tick.at("/point/heap_used").asLong()).isPositive();
      assertThat(tick.at("/totals/routes").findValuesAsText("method"))
          .containsExactlyInAnyOrder("PUT", "GET", "DELETE");
    }
  }

  @Test
  void aStreamIsNoRequestInFlightAndHasNoDuration() throws Exception {
    try (RunningApp app = RunningApp.with()) {
      Iterator<String> lines = open(app).body().iterator();
      next(lines, "tick");

      assertThat(app.text("/metrics")).contains("http_requests_in_flight 1.0"); // the scrape itself
      assertThat(app.text("/metrics"))
          .contains("http_request_duration_seconds_count{method=\"GET\",path=\"/metrics\"")
          .doesNotContain("http_request_duration_seconds_count{method=\"GET\",path=\"/live\"");
    }
  }

  @Test
  void shutdownEndsEveryStream() throws Exception {
    RunningApp app = RunningApp.with();
    Iterator<String> lines = open(app).body().iterator();
    next(lines, "tick");

    app.close();

    next(lines, "end");
    assertThat(lines).toIterable().allMatch(String::isBlank);
    assertThat(app.log())
        .anyMatch(line -> line.contains("url=/live") && line.contains("status_code=200"));
  }
}
