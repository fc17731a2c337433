package dev.storageapi.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.TraceBackend;
import io.opentelemetry.api.trace.Span;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** A stretch of work as a span, in one line. */
@SuppressWarnings("try") // a span is there for what happens in it, not to be used
final class SpansTest {

  private final TraceBackend backend = TraceBackend.start();
  private final Metrics metrics = new Metrics(true);
  private final Tracing tracing =
      Tracing.start(
          Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", backend.url(), "OTEL_BSP_SCHEDULE_DELAY", "50"),
          "test",
          "1",
          "local",
          Duration.ofSeconds(5),
          metrics);
  private final Spans spans = tracing.spans();

  @AfterEach
  void close() {
    tracing.close();
    backend.close();
  }

  /** The span of that name, of those that have ended. */
  private ReceivedSpan sent(String name) {
    tracing.close();
    return backend.spans().stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
  }

  private HistogramDataPointSnapshot point() {
    return metrics.registry().scrape(Metric.FEED_FETCH_DURATION.exposedName()::equals).stream()
        .flatMap(family -> ((HistogramSnapshot) family).getDataPoints().stream())
        .findFirst()
        .orElseThrow();
  }

  private static String current() {
    return Span.current().getSpanContext().getSpanId();
  }

  @Test
  void whatBeginsWithinIsAChildAndTheThreadIsAsBeforeWhenItEnds() {
    MDC.put("span_id", "before");
    try (ActiveSpan outer = spans.start("outer")) {
      String around = current();
      assertThat(MDC.get("span_id")).isEqualTo(around);
      try (ActiveSpan inner = spans.step("inner")) {
        assertThat(MDC.get("span_id")).isEqualTo(current()).isNotEqualTo(around);
        assertThat(MDC.get("trace_id")).isEqualTo(Span.current().getSpanContext().getTraceId());
      }
      assertThat(current()).isEqualTo(around);
      assertThat(MDC.get("span_id")).isEqualTo(around);
    }
    assertThat(Span.current().getSpanContext().isValid()).isFalse();
    assertThat(MDC.get("span_id")).isEqualTo("before");
    MDC.clear();

    ReceivedSpan outer = sent("outer");
    ReceivedSpan inner = sent("inner");
    assertThat(outer.parentId()).isEmpty();
    assertThat(inner.parentId()).isEqualTo(outer.id());
    assertThat(inner.within(outer)).isTrue();
  }

  @Test
  void aStepOutsideOfATraceIsNotRecorded() {
    try (ActiveSpan step = spans.step("alone");
        ActiveSpan call = spans.client("alone")) {
      assertThat(Span.current().getSpanContext().isValid()).isFalse();
      assertThat(call.stop()).isNotNegative();
    }
    tracing.close();

    assertThat(backend.spans()).isEmpty();
  }

  @Test
  void whatItIsToldIsSent() {
    try (ActiveSpan span = spans.start("work")) {
      span.set("text", "a").set("number", 7).set("absent", null).event("began");
      span.failed("timeout", "nobody came").event("ended");
    }

    ReceivedSpan span = sent("work");
    assertThat(span.attributes())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("text", "a", "number", 7L, "error.type", "timeout"));
    assertThat(span.events()).containsExactly("began", "ended");
    assertThat(span.isError()).isTrue();
    assertThat(span.span().getStatus().getMessage()).isEqualTo("nobody came");
    span.span()
        .getEventsList()
        .forEach(
            event ->
                assertThat(event.getTimeUnixNano())
                    .isBetween(
                        span.span().getStartTimeUnixNano(), span.span().getEndTimeUnixNano()));
  }

  @Test
  void itsDurationIsFixedOnceAndIsTheHistogramsWithItselfAsTheExemplar() {
    DistributionDataPoint durations = metrics.classicHistogram(Metric.FEED_FETCH_DURATION);
    long stopped;
    try (ActiveSpan span = spans.start("timed")) {
      stopped = span.stop();
      span.observe(durations);
      assertThat(span.stop()).isEqualTo(stopped);
    }

    ReceivedSpan span = sent("timed");
    assertThat(span.nanos()).isEqualTo(stopped);
    HistogramDataPointSnapshot point = point();
    assertThat(point.getSum()).isEqualTo(stopped / 1e9);
    assertThat(point.getExemplars()).hasSize(1);
    Labels ids = point.getExemplars().get(0).getLabels();
    assertThat(ids.get("span_id")).isEqualTo(span.id());
    assertThat(ids.get("trace_id")).isEqualTo(span.traceId());
  }

  @Test
  void aDetachedSpanEndsOnAnyThreadAndIsCurrentOnNone() {
    CompletableFuture<String> there = new CompletableFuture<>();
    String around;
    try (ActiveSpan outer = spans.start("outer")) {
      around = current();
      ActiveSpan handed = spans.detached("handed", Origin.here());
      assertThat(current()).isEqualTo(around);
      Runnable work =
          Origin.here()
              .wrap(
                  () -> {
                    there.complete(current());
                    handed.close();
                  });
      new Thread(work, "other").start();
      assertThat(there.join()).isEqualTo(around); // what it does belongs to where it is from
    }

    assertThat(backend.await("handed").parentId()).isEqualTo(around);
  }

  @Test
  void whoIsCalledIsToldTheCurrentSpan() {
    assertThat(spans.headers()).isEmpty();
    try (ActiveSpan span = spans.start("work")) {
      assertThat(spans.headers())
          .containsOnlyKeys("traceparent")
          .hasEntrySatisfying(
              "traceparent",
              value ->
                  assertThat(value)
                      .isEqualTo(
                          "00-%s-%s-03", Span.current().getSpanContext().getTraceId(), current()));
    }
  }

  @Test
  void whereNothingIsTracedOnlyTheTimeIsTaken() {
    DistributionDataPoint durations = metrics.classicHistogram(Metric.FEED_FETCH_DURATION);
    try (ActiveSpan span = Spans.OFF.start("work").set("text", "a").event("began").link(null)) {
      span.failed("timeout", null);
      span.observe(durations);
      assertThat(Span.current().getSpanContext().isValid()).isFalse();
      assertThat(Spans.OFF.headers()).isEmpty();
    }

    assertThat(point().getCount()).isEqualTo(1);
    assertThat(point().getExemplars()).isEmpty();
    assertThat(backend.asked()).isZero();
  }
}
