package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The stream behind the live page. */
@Timeout(30)
class LiveTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

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

  /** Reads on to the first tick that is as wanted. */
  private static JsonNode tick(Iterator<String> lines, Predicate<JsonNode> wanted)
      throws IOException {
    JsonNode tick = next(lines, "tick");
    while (!wanted.test(tick)) {
      tick = next(lines, "tick");
    }
    return tick;
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
      JsonNode tick = tick(lines, t -> t.at("/totals/requests").asInt() >= 4);

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
  void ticksCarryTheDatabasesQueriesAndTheReticulationsThatRun() throws Exception {
    try (RunningApp app =
        RunningApp.with(
            "DATABASE_URL", "jdbc:h2:file:" + folder.resolve("storage"),
            "DATABASE_POOL_SIZE", "3",
            "DATASETS_RETICULATE_CPU", "0ms",
            "DATASETS_RETICULATE_MEMORY", "1MiB",
            "DATASETS_RETICULATE_PAUSE", "29s")) {
      await().until(() -> app.get("/ready/datasets").statusCode() == 200);
      Iterator<String> lines = open(app).body().iterator();
      next(lines, "tick");
      app.send("POST", "/datasets?name=one", new byte[0]);
      app.send("POST", "/datasets?name=two", new byte[0]);

      int queries = 0;
      while (queries < 2) {
        JsonNode tick = tick(lines, t -> t.at("/point/database/queries").asInt() > 0);
        queries += tick.at("/point/database/queries").asInt();
        assertThat(tick.at("/point/database/query_time").asDouble()).isBetween(0.000001, 1.0);
        assertThat(tick.at("/totals/database/trouble").isNull()).isTrue();
        assertThat(tick.at("/totals/database/pool").asInt()).isEqualTo(3);
        assertThat(tick.at("/totals/database/reticulations_max").asInt()).isEqualTo(2);
      }

      CompletableFuture<HttpResponse<byte[]>> reticulation =
          CompletableFuture.supplyAsync(
              () -> app.send("POST", "/datasets/1/reticulate", new byte[0]));
      tick(lines, t -> t.at("/point/database/reticulations").asInt() == 1);
      assertThat(reticulation).isNotDone();
    }
  }

  @Test
  void ticksCarryThePredictionsAndHowSureTheyAre() throws Exception {
    try (RunningApp app = RunningApp.withModel().withModelLoaded()) {
      Iterator<String> lines = open(app).body().iterator();
      JsonNode before = next(lines, "tick");
      assertThat(before.at("/point/inference").toString())
          .isEqualTo("{\"predictions\":0,\"confidence\":null,\"waiting\":0}");

      byte[] form = DemoDigits.form(DemoDigits.png(3, new Random(1)));
      app.send("POST", "/predict", form, "Content-Type", DemoDigits.CONTENT_TYPE);
      app.send("POST", "/predict", DemoDigits.unfit(), "Content-Type", DemoDigits.CONTENT_TYPE);
      JsonNode tick = tick(lines, t -> t.at("/point/inference/predictions").asInt() > 0);

      assertThat(tick.at("/point/inference/predictions").asInt()).isEqualTo(1);
      assertThat(tick.at("/point/inference/confidence").asDouble()).isBetween(0.5, 1.0);
      assertThat(tick.at("/totals/inference").toString())
          .isEqualTo("{\"model\":\"digits\",\"trouble\":null,\"predictions\":1}");
    }
  }

  @Test
  void ticksSayWhyThereIsNoModel() throws Exception {
    String nowhere = folder.resolve("nowhere.onnx").toString();
    try (RunningApp app = RunningApp.withModel("MODEL_PATH", nowhere)) {
      Iterator<String> lines = open(app).body().iterator();

      tick(
          lines,
          t ->
              t.at("/totals/inference/trouble")
                  .asText()
                  .equals("There is no model to ask: MODEL_PATH is no file that can be read."));
    }
  }

  @Test
  void withoutADatabaseAndAModelTicksSayNothingOfThem() throws Exception {
    try (RunningApp app = RunningApp.with()) {
      JsonNode tick = next(open(app).body().iterator(), "tick");

      assertThat(tick.at("/point/database").isNull()).isTrue();
      assertThat(tick.get("totals").has("database")).isFalse();
      assertThat(tick.at("/point/inference").isNull()).isTrue();
      assertThat(tick.get("totals").has("inference")).isFalse();
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
