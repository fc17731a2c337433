package dev.storageapi.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.TraceBackend;
import dev.storageapi.testing.TraceBackend.Mode;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

/** The queue in the SDK's pipeline, before a real exporter, with a clock of the test's. */
final class SpanQueueTest {

  private static final int LIMIT = 10;

  private final TraceBackend backend = TraceBackend.start();
  private final Metrics metrics = new Metrics();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Logs logs =
      Logs.start(Logs.Format.LOGFMT, Level.INFO, Map.of(), 1 << 20, out, new LogMetrics(metrics));
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // it may overflow
  private final SpanQueue queue = new SpanQueue(metrics, nanos::get);
  private final OtelLog log = new OtelLog(queue);
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder()
          .addSpanProcessor(
              queue.before(
                  BatchSpanProcessor.builder(queue.behind(exporter()))
                      .setScheduleDelay(Duration.ofHours(1))
                      .build(),
                  LIMIT))
          .build();

  @AfterEach
  void close() {
    backend.close();
    provider.close();
    log.close();
    logs.close();
  }

  private OtlpHttpSpanExporter exporter() {
    return OtlpHttpSpanExporter.builder()
        .setEndpoint(backend.url() + "/v1/traces")
        .setRetryPolicy(null)
        .build();
  }

  private void end(int spans) {
    for (int i = 0; i < spans; i++) {
      provider.get("test").spanBuilder("work").startSpan().end();
    }
  }

  private void flush() {
    provider.forceFlush().join(10, TimeUnit.SECONDS);
  }

  private long dropped(String reason) {
    return metrics.counter(Metric.TELEMETRY_DROPPED).labelValues("traces", reason).getLongValue();
  }

  /** What was reported so far. */
  private List<String> reports() {
    return out.toString(UTF_8).lines().filter(line -> line.contains("spans dropped")).toList();
  }

  private void awaitReports(int count) {
    await().until(() -> reports().size() >= count);
    assertThat(reports()).hasSize(count);
  }

  @Test
  void whatDoesNotFitIsDroppedAndTheRestIsSent() {
    end(LIMIT + 3);
    flush();

    assertThat(backend.spans()).hasSize(LIMIT);
    assertThat(dropped(SpanQueue.QUEUE_FULL)).isEqualTo(3);
    awaitReports(1);
    end(LIMIT); // there is room again
    flush();
    assertThat(backend.spans()).hasSize(2 * LIMIT);
    assertThat(dropped(SpanQueue.QUEUE_FULL)).isEqualTo(3);
  }

  @Test
  void theFirstDropIsReportedAtOnceAndTheOthersOnceAMinute() {
    backend.is(Mode.REFUSING);
    end(2);
    flush();
    awaitReports(1);
    assertThat(reports().get(0)).contains(" count=2 ", "status code 400");

    nanos.addAndGet(Duration.ofSeconds(60).toNanos() - 1);
    end(3);
    flush();
    nanos.addAndGet(1);
    end(4);
    flush();

    awaitReports(2);
    assertThat(reports().get(1)).contains(" count=7 ");
    assertThat(dropped(SpanQueue.EXPORT_FAILED)).isEqualTo(9);
  }

  @Test
  void whatEndsAfterTheCloseIsDroppedAndWhatWaitedIsNot() {
    end(2);
    queue.close();
    end(3);
    flush();

    assertThat(backend.spans()).hasSize(2);
    assertThat(dropped(SpanQueue.SHUTDOWN)).isEqualTo(3);
  }

  @Test
  void whatIsAbandonedIsDroppedOnceWhateverBecomesOfIt() {
    backend.is(Mode.BLACK_HOLE);
    end(4);
    CompletableResultCode flushed = provider.forceFlush();
    await().until(() -> backend.asked() == 1);
    end(3);
    queue.close();
    queue.abandon();
    assertThat(dropped(SpanQueue.SHUTDOWN)).isEqualTo(7);

    backend.close(); // the exporter hears so
    flushed.join(10, TimeUnit.SECONDS);

    assertThat(dropped(SpanQueue.EXPORT_FAILED)).isZero();
    assertThat(dropped(SpanQueue.SHUTDOWN)).isEqualTo(7);
    awaitReports(1);
  }
}
