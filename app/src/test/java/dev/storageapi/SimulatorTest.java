package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.http.Json;
import dev.storageapi.simulator.Mode;
import dev.storageapi.testing.RawClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code docs/simulator.md} promises. */
class SimulatorTest {

  private static final long NEWEST = RunningSimulator.START.getEpochSecond() / 60;

  private final RunningSimulator simulator =
      RunningSimulator.with(
          "SIMULATOR_HUGE_BYTES", "1MiB",
          "SIMULATOR_DELAY", "25s",
          "SIMULATOR_RETRY_AFTER", "7500ms");

  @AfterEach
  void close() {
    simulator.close();
  }

  private static JsonNode documents(HttpResponse<byte[]> answer) {
    return Json.read(answer.body()).get("documents");
  }

  private static List<String> ids(HttpResponse<byte[]> answer) {
    List<String> ids = new ArrayList<>();
    documents(answer).forEach(document -> ids.add(document.get("id").textValue()));
    return ids;
  }

  @Test
  void theNewestDocumentsComeFirst() {
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
    assertThat(ids(answer)).hasSize(50).startsWith("doc-" + NEWEST, "doc-" + (NEWEST - 1));
    JsonNode newest = documents(answer).get(0);
    assertThat(newest.get("published_at").textValue()).isEqualTo("2026-11-21T07:53:00Z");
    assertThat(newest.get("updated_at").textValue()).isEqualTo("2026-11-21T07:53:00Z");
    assertThat(newest.get("title").textValue()).startsWith("Report from the ");
    assertThat(newest.at("/values/temperature").isNumber()).isTrue();
    assertThat(newest.at("/values/humidity").isNumber()).isTrue();
    assertThat(newest).hasSize(5);
  }

  @Test
  void aDocumentComesEachPeriodAndTheOthersStay() {
    HttpResponse<byte[]> before = simulator.documents();
    simulator.pass(Duration.ofSeconds(1));
    HttpResponse<byte[]> after = simulator.documents();

    assertThat(ids(after).get(0)).isEqualTo("doc-" + (NEWEST + 1));
    for (int i = 1; i < 50; i++) {
      assertThat(documents(after).get(i)).isEqualTo(documents(before).get(i - 1));
    }
    assertThat(header(after, "ETag")).isNotEqualTo(header(before, "ETag"));
  }

  @Test
  void anotherSimulatorTellsTheSame() {
    HttpResponse<byte[]> one = simulator.documents();
    try (RunningSimulator another = RunningSimulator.with()) {
      HttpResponse<byte[]> other = another.documents();

      assertThat(other.body()).isEqualTo(one.body());
      assertThat(header(other, "ETag")).isEqualTo(header(one, "ETag"));
    }
  }

  @Test
  void otherSettingsTellOtherwiseUnderAnotherTag() {
    try (RunningSimulator own =
        RunningSimulator.with("SIMULATOR_DOCUMENTS", "3", "SIMULATOR_PERIOD", "1h")) {
      HttpResponse<byte[]> answer = own.documents();

      assertThat(ids(answer)).hasSize(3);
      assertThat(documents(answer).at("/1/published_at").textValue())
          .isEqualTo("2026-11-21T06:00:00Z");
      assertThat(header(answer, "ETag")).isNotEqualTo(header(simulator.documents(), "ETag"));
    }
  }

  @Test
  void theTagThatTheClientKnowsIsA304() {
    HttpResponse<byte[]> first = simulator.documents();
    String tag = header(first, "ETag");

    assertThat(tag).matches("\"[^\"]+\"");
    for (String known : List.of(tag, "W/" + tag, "\"a,b\", " + tag, "*")) {
      HttpResponse<byte[]> again = simulator.documents("If-None-Match", known);
      assertThat(again.statusCode()).isEqualTo(304);
      assertThat(again.body()).isEmpty();
      assertThat(header(again, "ETag")).isEqualTo(tag);
    }
    assertThat(simulator.documents("If-None-Match", "\"another\"").statusCode()).isEqualTo(200);
    simulator.pass(Duration.ofMinutes(1));
    assertThat(simulator.documents("If-None-Match", tag).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Sat, 21 Nov 2026 07:53:00 GMT | 304",
        "Sat, 21 Nov 2026 07:53:01 GMT | 304",
        "Sat, 21 Nov 2026 07:52:59 GMT | 200",
        "yesterday                     | 200"
      })
  void aDateDecidesWhereThereIsNoTag(String since, int status) {
    HttpResponse<byte[]> answer = simulator.documents("If-Modified-Since", since);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(header(answer, "Last-Modified")).isEqualTo("Sat, 21 Nov 2026 07:53:00 GMT");
  }

  @Test
  void aTagPrevailsOverADate() {
    HttpResponse<byte[]> answer =
        simulator.documents(
            "If-None-Match", "\"another\"", "If-Modified-Since", "Sat, 21 Nov 2026 07:53:00 GMT");

    assertThat(answer.statusCode()).isEqualTo(200);
  }

  @Test
  void theQuotaIsAnHoursFromItsFirstRequest() {
    try (RunningSimulator own = RunningSimulator.with("SIMULATOR_QUOTA", "2")) {
      HttpResponse<byte[]> first = own.documents();
      String end = Long.toString(RunningSimulator.START.plusSeconds(3600).getEpochSecond());
      assertThat(header(first, "X-RateLimit-Limit")).isEqualTo("2");
      assertThat(header(first, "X-RateLimit-Remaining")).isEqualTo("1");
      assertThat(header(first, "X-RateLimit-Reset")).isEqualTo(end);
      own.pass(Duration.ofMillis(60_500));
      String tag = header(own.documents(), "ETag");

      HttpResponse<byte[]> refused = own.documents("If-None-Match", tag);

      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(header(refused, "Retry-After")).isEqualTo("3540");
      assertThat(header(refused, "X-RateLimit-Remaining")).isEqualTo("0");
      assertThat(header(refused, "X-RateLimit-Reset")).isEqualTo(end);
      own.pass(Duration.ofSeconds(3539));
      assertThat(own.documents().statusCode()).isEqualTo(429);
      own.pass(Duration.ofMillis(500));
      assertThat(own.documents().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void a304CostsAsMuchAsA200() {
    String tag = header(simulator.documents(), "ETag");
    HttpResponse<byte[]> again = simulator.documents("If-None-Match", tag);

    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(header(again, "X-RateLimit-Remaining")).isEqualTo("58");
  }

  @Test
  void theModeIsShownAndSwitched() {
    assertThat(body(simulator.get("/mode")))
        .startsWith("{\"mode\":\"normal\",\"modes\":[\"normal\",\"slow\",")
        .endsWith("\"moved\"],\"quota\":60,\"remaining\":60,\"requests\":0}\n");
    simulator.documents();

    HttpResponse<byte[]> switched = simulator.mode("garbage");

    assertThat(switched.statusCode()).isEqualTo(200);
    assertThat(Json.read(switched.body()).get("mode").textValue()).isEqualTo("garbage");
    assertThat(Json.read(switched.body()).get("remaining").intValue()).isEqualTo(59);
    assertThat(Json.read(switched.body()).get("requests").intValue()).isEqualTo(1);
    assertThat(simulator.get("/mode").body()).isEqualTo(switched.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"fast", "SLOW", "%00"})
  void anUnknownModeIsRefusedAndChangesNothing(String mode) {
    assertThat(simulator.mode(mode).statusCode()).isIn(400, 404);
    assertThat(body(simulator.get("/mode"))).startsWith("{\"mode\":\"normal\"");
  }

  @Test
  void theFirstModeIsASetting() {
    try (RunningSimulator own = RunningSimulator.with("SIMULATOR_MODE", "redirect_loop")) {
      assertThat(header(own.documents(), "Location")).isEqualTo("/documents");
    }
  }

  @ParameterizedTest
  @CsvSource({"failing,500", "unavailable,503", "limited,429"})
  void aModeThatRefusesDoesSoWithProblemDetails(String mode, int status) {
    simulator.mode(mode);
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(header(answer, "Retry-After")).isEqualTo(status == 500 ? null : "8");
    assertThat(header(answer, "X-RateLimit-Remaining")).isEqualTo("59");
  }

  @ParameterizedTest
  @CsvSource({
    "redirect_inside,http://169.254.169.254/latest/meta-data/",
    "redirect_file,file:///etc/passwd",
    "redirect_loop,/documents",
    "moved,/documents/moved"
  })
  void aModeThatRedirectsSaysWhere(String mode, String location) {
    simulator.mode(mode);
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(302);
    assertThat(header(answer, "Location")).isEqualTo(location);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void whereTheDocumentsMovedToTheyAreAndCostNothingMore() {
    HttpResponse<byte[]> before = simulator.documents();
    HttpResponse<byte[]> moved = simulator.get("/documents/moved");
    HttpResponse<byte[]> known =
        simulator.get("/documents/moved", "If-None-Match", header(before, "ETag"));

    assertThat(moved.body()).isEqualTo(before.body());
    assertThat(header(moved, "X-RateLimit-Remaining")).isEqualTo("59");
    assertThat(known.statusCode()).isEqualTo(304);
    assertThat(body(simulator.get("/mode"))).endsWith("\"requests\":1}\n");
  }

  @Test
  void garbageIsNoJson() {
    simulator.mode("garbage");
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
    assertThatThrownBy(() -> Json.read(answer.body())).hasMessageContaining("not acceptable");
  }

  @Test
  void wrongIsJsonWithoutDocuments() {
    simulator.mode("wrong");
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(Json.read(answer.body()).isObject()).isTrue();
    assertThat(documents(answer)).isNull();
  }

  @Test
  void deepHas100000Levels() {
    simulator.mode("deep");
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(body(answer)).startsWith("{\"documents\":[[[").endsWith("]]]}\n");
    assertThat(body(answer).chars().filter(c -> c == '[').count()).isEqualTo(100_000);
    assertThat(body(answer).chars().filter(c -> c == ']').count()).isEqualTo(100_000);
  }

  @Test
  void hugeIsJsonAsLongAsItIsSet() {
    int page = simulator.documents().body().length;
    simulator.mode("huge");
    HttpResponse<byte[]> answer = simulator.documents();

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body().length).isBetween((1 << 20) - page, 1 << 20);
    assertThat(documents(answer).size()).isGreaterThan(4000);
  }

  @Test
  void hugeEndsWhenTheClientLeaves() throws IOException {
    try (RunningSimulator own = RunningSimulator.with("SIMULATOR_MODE", "huge")) {
      HttpResponse<InputStream> answer =
          own.send(own.request("GET", "/documents"), BodyHandlers.ofInputStream());
      assertThat(answer.body().readNBytes(1 << 20)).hasSize(1 << 20);
      answer.body().close();

      await()
          .untilAsserted(
              () ->
                  assertThat(own.log())
                      .anyMatch(line -> line.contains(" path=/documents status_code=499 ")));
    }
  }

  @Test
  void truncatedEndsHalfWay() {
    simulator.mode("truncated");
    try (RawClient client = RawClient.connect(simulator.port())) {
      client.write("GET /documents HTTP/1.1\r\nHost: x\r\n\r\n");
      String all = client.readUntilClosed(Duration.ofSeconds(10));

      assertThat(client.isClosed()).isTrue();
      assertThat(all).startsWith("HTTP/1.1 200 ").contains("{\"documents\":[{\"id\":\"doc-");
      assertThat(all).doesNotContain("]}").doesNotContain("\r\n0\r\n");
    }
    assertThatThrownBy(
            () ->
                simulator.send(simulator.request("GET", "/documents"), BodyHandlers.ofByteArray()))
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"slow", "trickle"})
  void aModeThatWaitsAnswersInTheEnd(String mode) {
    byte[] normal = simulator.documents().body();
    try (RunningSimulator own =
        RunningSimulator.with("SIMULATOR_MODE", mode, "SIMULATOR_DELAY", "500ms")) {
      long start = System.nanoTime();
      HttpResponse<byte[]> answer = own.documents();

      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofMillis(500));
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(body(answer).strip()).isEqualTo(new String(normal, UTF_8).strip());
    }
  }

  @Test
  void theHeadOfATrickleComesAtOnceAndTheRestWithTheShutdown() throws IOException {
    simulator.mode("trickle");
    HttpResponse<InputStream> answer =
        simulator.send(simulator.request("GET", "/documents"), BodyHandlers.ofInputStream());
    byte[] first = answer.body().readNBytes(2);
    assertThat(first).asString().isEqualTo("{\"");
    assertThat(answer.body().available()).isLessThan(100);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(simulator::close);
    assertThat(answer.body().readAllBytes()).asString(UTF_8).endsWith("}}]}");
    assertThat(closed).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void whoWaitsIsAnsweredAtShutdown() {
    simulator.mode("slow");
    CompletableFuture<HttpResponse<byte[]>> answer =
        CompletableFuture.supplyAsync(simulator::documents);
    await().until(() -> body(simulator.get("/mode")).endsWith("\"requests\":1}\n"));
    assertThat(answer).isNotDone();

    CompletableFuture<Void> closed = CompletableFuture.runAsync(simulator::close);

    assertThat(answer)
        .succeedsWithin(10, TimeUnit.SECONDS)
        .satisfies(
            it -> {
              assertThat(it.statusCode()).isEqualTo(200);
              assertThat(header(it, "Connection")).isEqualTo("close");
            });
    assertThat(closed).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @EnumSource
  void everyModeCostsOneOfTheQuotaAndLeavesALine(Mode mode) {
    try (RunningSimulator own =
        RunningSimulator.with(
            "SIMULATOR_MODE", mode.label(),
            "SIMULATOR_DELAY", "0ms",
            "SIMULATOR_HUGE_BYTES", "1MiB")) {
      try (RawClient client = RawClient.connect(own.port())) {
        client.write("GET /documents HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(client.readUntilClosed(Duration.ofSeconds(10)).lines())
            .contains("X-ratelimit-remaining: 59");
      }
      await().untilAsserted(() -> assertThat(requests(own)).hasSize(1));
    }
  }

  private static Stream<String> requests(RunningSimulator own) {
    return own.log().stream()
        .filter(line -> line.contains("msg=\"request\"") && line.contains("path=/documents "));
  }

  @Test
  void itIsObservableAsTheServiceIs() {
    simulator.documents();
    simulator.mode("failing");
    simulator.documents();

    assertThat(body(simulator.get("/health"))).contains("\"healthy\"");
    await()
        .untilAsserted(
            () ->
                assertThat(body(simulator.get("/metrics")))
                    .contains(
                        count("200") + " 1.0",
                        count("500") + " 1.0",
                        count("429") + " 0.0",
                        "http_requests_in_flight 1.0",
                        "app_info{"));
  }

  private static String count(String status) {
    return "http_requests_total{method=\"GET\",path=\"/documents\",status=\"" + status + "\"}";
  }

  @Test
  void itsRootTellsHowToUseIt() {
    assertThat(body(simulator.get("/"))).contains("GET /documents", "PUT /mode/{mode}");
    assertThat(simulator.answer("POST", "/documents").statusCode()).isEqualTo(405);
  }
}
