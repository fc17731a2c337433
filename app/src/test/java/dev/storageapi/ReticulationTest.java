package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Scrape;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code POST /datasets/{id}/reticulate}, with costs small enough for a test. */
class ReticulationTest {

  @TempDir private Path folder;

  private RunningApp with(String cpu, String memory, String pause, String atOnce) {
    return RunningApp.with(
        "DATABASE_URL", "jdbc:h2:file:" + folder.resolve("storage"),
        "DATASETS_RETICULATE_CPU", cpu,
        "DATASETS_RETICULATE_MEMORY", memory,
        "DATASETS_RETICULATE_PAUSE", pause,
        "DATASETS_RETICULATE_MAX", atOnce);
  }

  private static HttpResponse<byte[]> reticulate(RunningApp app, String id) {
    return app.send("POST", "/datasets/" + id + "/reticulate", new byte[0]);
  }

  private static CompletableFuture<HttpResponse<byte[]>> begin(RunningApp app) {
    return CompletableFuture.supplyAsync(() -> reticulate(app, "1"), task -> start(task));
  }

  private static void start(Runnable task) {
    new Thread(task, "client").start();
  }

  private static double inProgress(RunningApp app) {
    return scrape(app).value("dataset_reticulations_in_progress");
  }

  private static double ended(RunningApp app, String outcome) {
    return scrape(app).value("dataset_reticulations_total", "outcome", outcome);
  }

  private static Scrape scrape(RunningApp app) {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void itTakesItsTimeAndAnswersAsTheOriginalWhetherOrNotThereIsSuchADataset() {
    try (RunningApp app = with("200ms", "1MiB", "100ms", "2")) {
      for (String id : List.of("1", "-7", "123456789012345678901234567890")) {
        long start = System.nanoTime();
        HttpResponse<byte[]> answer = reticulate(app, id);

        assertThat(since(start)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
        assertThat(body(answer))
            .isEqualTo("{\"status\":\"completed\",\"dataset_id\":%s}\n".formatted(id));
      }
      HttpResponse<byte[]> refused = reticulate(app, "abc");

      assertThat(refused.statusCode()).isEqualTo(422);
      assertThat(body(refused)).contains("\"int_parsing\"", "\"dataset_id\"", "\"abc\"");
      assertThat(ended(app, "completed")).isEqualTo(3);
      assertThat(
              scrape(app)
                  .value(
                      "http_request_duration_seconds_sum",
                      "path",
                      "/datasets/{id}/reticulate",
                      "method",
                      "POST",
                      "status",
                      "200"))
          .isGreaterThan(0.9);
    }
  }

  @Test
  void itNeedsNoDatabase() {
    try (RunningApp app =
        RunningApp.with(
            "DATABASE_URL", "postgresql://127.0.0.1:1/nowhere",
            "DATASETS_RETICULATE_CPU", "0ms",
            "DATASETS_RETICULATE_PAUSE", "0ms")) {
      assertThat(reticulate(app, "1").statusCode()).isEqualTo(200);
      assertThat(app.get("/datasets/1").statusCode()).isEqualTo(503);
    }
  }

  @Test
  void everyOutcomeIsThereFromTheStart() {
    try (RunningApp app = with("0ms", "0", "0ms", "1")) {
      for (String outcome : List.of("completed", "rejected", "cancelled")) {
        assertThat(ended(app, outcome)).isZero();
      }
      assertThat(inProgress(app)).isZero();
    }
  }

  @Test
  void oneTooManyIsA503ThatIsCounted() {
    try (RunningApp app = with("0ms", "0", "1s", "2")) {
      List<CompletableFuture<HttpResponse<byte[]>>> running = new ArrayList<>();
      running.add(begin(app));
      running.add(begin(app));
      await().until(() -> inProgress(app) == 2);

      long start = System.nanoTime();
      HttpResponse<byte[]> refused = reticulate(app, "1");

      assertThat(since(start)).isLessThan(Duration.ofSeconds(1));
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(header(refused, "Retry-After")).isEqualTo("5");
      assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(ended(app, "rejected")).isEqualTo(1);
      assertThat(scrape(app).value("http_requests_rejected_total", "reason", "overload"))
          .isEqualTo(1);
      running.forEach(one -> assertThat(one.join().statusCode()).isEqualTo(200));
      assertThat(ended(app, "completed")).isEqualTo(2);
      assertThat(inProgress(app)).isZero();
      assertThat(reticulate(app, "1").statusCode()).isEqualTo(200); // there is room again
    }
  }

  @Test
  void noneAtOnceSwitchesItOff() {
    try (RunningApp app = with("0ms", "0", "0ms", "0")) {
      assertThat(reticulate(app, "1").statusCode()).isEqualTo(503);
      assertThat(ended(app, "rejected")).isEqualTo(1);
    }
  }

  @Test
  void theShutdownCancelsItWhileItBurnsAndWhileItWaits() {
    for (String[] cost : new String[][] {{"25s", "0ms"}, {"0ms", "25s"}}) {
      RunningApp app = with(cost[0], "8MiB", cost[1], "1");
      CompletableFuture<HttpResponse<byte[]>> running;
      try (app) {
        running = begin(app);
        await().until(() -> inProgress(app) == 1);
      }
      HttpResponse<byte[]> answer = running.join();
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(body(answer)).contains("shutting down");
      assertThat(cancelled(app)).isEqualTo(1);
      assertThat(app.log())
          .filteredOn(line -> line.contains("path=/datasets/{id}/reticulate"))
          .singleElement()
          .asString()
          .contains("status_code=503")
          .containsPattern("duration_ms=\\d{1,4}[. ]"); // less than 10 s of the 25
      assertThat(app.log()).noneMatch(line -> line.contains("lvl=[ERROR]"));
    }
  }

  /** What a last scrape would show: the ports are closed. */
  private static double cancelled(RunningApp app) {
    return app.metrics.registry().scrape("dataset_reticulations"::equals).stream()
        .flatMap(family -> ((CounterSnapshot) family).getDataPoints().stream())
        .filter(point -> "cancelled".equals(point.getLabels().get("outcome")))
        .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
        .sum();
  }
}
