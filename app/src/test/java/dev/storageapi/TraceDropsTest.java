package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.TraceBackend;
import dev.storageapi.testing.TraceBackend.Mode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The back end is away, slow, refuses or answers nobody: no span is lost without being counted. */
class TraceDropsTest {

  private static final int REQUESTS = 60;
  private static final List<String> REASONS = List.of("queue_full", "export_failed", "shutdown");

  private static TracedApp with(Mode mode, String... settings) {
    return TracedApp.to(TraceBackend.start().is(mode), settings);
  }

  /** A queue that so many requests do not fit into. */
  private static TracedApp withTinyQueue(Mode mode, String timeoutMillis) {
    return with(
        mode,
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "8",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "4",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        timeoutMillis);
  }

  private static void request(TracedApp traced, int times) {
    for (int i = 0; i < times; i++) {
      HttpResponse<byte[]> answer = traced.app.get("/nowhere");
      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(answer.headers().firstValue("traceresponse")).isPresent();
    }
  }

  private static long dropped(TracedApp traced) {
    return REASONS.stream().mapToLong(traced::dropped).sum();
  }

  private static List<String> warnings(TracedApp traced) {
    return traced.app.log().stream().filter(line -> line.contains("spans dropped")).toList();
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"REFUSING", "UNAVAILABLE", "BLACK_HOLE"})
  void whatIsNotTakenIsCountedAndTheWarningComesOnce(Mode mode) {
    try (TracedApp traced = withTinyQueue(mode, "100")) {
      request(traced, REQUESTS);

      await().until(() -> dropped(traced) == REQUESTS);
      assertThat(traced.backend.spans()).isEmpty();
      assertThat(traced.dropped("export_failed")).isPositive();
      assertThat(traced.dropped("shutdown")).isZero();
      request(traced, 8); // they fail as well, within the minute
      await().until(() -> dropped(traced) == REQUESTS + 8);
      assertThat(warnings(traced)).hasSize(1);
      assertThat(warnings(traced).get(0)).contains("lvl=[WARN]").doesNotContain("reason=\"\"");
      assertThat(traced.app.log())
          .filteredOn(line -> line.contains("lvl=[WARN]") || line.contains("lvl=[ERROR]"))
          .hasSize(1);
      for (String reason : REASONS) {
        assertThat(
                traced
                    .scrape()
                    .value("telemetry_dropped_total", "signal", "traces", "reason", reason))
            .isEqualTo((double) traced.dropped(reason));
      }
    }
  }

  @Test
  void aSlowBackEndGetsWhatFitsIntoTheQueue() {
    try (TracedApp traced = withTinyQueue(Mode.SLOW, "10000")) {
      request(traced, REQUESTS);

      await().until(() -> traced.backend.spans().size() + dropped(traced) == REQUESTS);
      assertThat(traced.backend.spans()).hasSizeGreaterThanOrEqualTo(8);
      assertThat(traced.dropped("export_failed")).isZero();
      traced.end();
      assertThat(traced.backend.spans().size() + dropped(traced)).isEqualTo(REQUESTS);
    }
  }

  @Test
  void nobodyThereIsAFailureLikeOthersAndWhenSomebodyComesSpansArrive() {
    TraceBackend gone = TraceBackend.start();
    gone.close();
    try (TracedApp traced = TracedApp.to(gone, "OTEL_EXPORTER_OTLP_TIMEOUT", "100")) {
      request(traced, 3);

      await().until(() -> traced.dropped("export_failed") == 3);
    }
    try (TracedApp traced = with(Mode.REFUSING)) {
      request(traced, 3);
      await().until(() -> traced.dropped("export_failed") == 3);

      traced.backend.is(Mode.HEALTHY);
      request(traced, 3);

      await().until(() -> traced.backend.spans().size() == 3);
      assertThat(dropped(traced)).isEqualTo(3);
    }
  }

  @Test
  void whatAHealthyBackEndGetsAtTheEndIsAll() {
    try (TracedApp traced = with(Mode.HEALTHY, "OTEL_BSP_SCHEDULE_DELAY", "60000")) {
      request(traced, REQUESTS);
      assertThat(traced.backend.spans()).isEmpty();

      traced.end();

      assertThat(traced.backend.spans()).hasSize(REQUESTS);
      assertThat(dropped(traced)).isZero();
      assertThat(warnings(traced)).isEmpty();
    }
  }

  @Test
  void theEndDoesNotWaitLongerThanItMayAndCountsWhatIsLeft() {
    try (TracedApp traced =
        with(
            Mode.BLACK_HOLE,
            "TRACES_FLUSH",
            "300ms",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "10",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "60000")) {
      request(traced, REQUESTS);
      await().until(() -> traced.backend.asked() == 1);
      long start = System.nanoTime();

      traced.end();

      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      assertThat(traced.dropped("shutdown")).isEqualTo(REQUESTS);
      assertThat(dropped(traced)).isEqualTo(REQUESTS);
      assertThat(warnings(traced)).singleElement().asString().contains("count=" + REQUESTS);
    }
  }
}
