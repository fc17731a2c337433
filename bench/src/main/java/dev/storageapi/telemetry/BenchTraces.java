package dev.storageapi.telemetry;

import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.util.Collection;
import java.util.concurrent.TimeUnit;

/**
 * Spans as the service makes them, through its own queue and the SDK's batches, that a benchmark
 * can have as fast as it likes: the exporter takes every batch and does nothing.
 */
public final class BenchTraces implements AutoCloseable {

  private static final int QUEUE = 1 << 16;

  private final Metrics metrics;
  private final SdkTracerProvider provider;
  private final Spans spans;

  /** The spans of which {@code sampled}, 0 to 1, are recorded. */
  public BenchTraces(Metrics metrics, double sampled) {
    this.metrics = metrics;
    SpanQueue queue = new SpanQueue(metrics, System::nanoTime);
    BatchSpanProcessor batches =
        BatchSpanProcessor.builder(queue.behind(new Nowhere())).setMaxQueueSize(QUEUE).build();
    provider =
        SdkTracerProvider.builder()
            .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(sampled)))
            .addSpanProcessor(queue.before(batches, QUEUE))
            .build();
    TextMapPropagator propagator =
        TextMapPropagator.composite(
            W3CTraceContextPropagator.getInstance(), W3CBaggagePropagator.getInstance());
    Tracer tracer = provider.get("dev.storageapi");
    spans = new Spans(() -> tracer, () -> propagator);
  }

  public Spans spans() {
    return spans;
  }

  /**
   * Ends it.
   *
   * @throws IllegalStateException if the queue was ever full: to drop a span is cheaper than to
   *     keep it, and what was measured is worth nothing
   */
  @Override
  public void close() {
    provider.shutdown().join(10, TimeUnit.SECONDS);
    Counter all = metrics.counter(Metric.TELEMETRY_DROPPED);
    double dropped =
        all.collect().getDataPoints().stream()
            .filter(point -> "traces".equals(point.getLabels().get("signal")))
            .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
            .sum();
    if (dropped > 0) {
      throw new IllegalStateException(dropped + " spans were dropped: the numbers are too good");
    }
  }

  private static final class Nowhere implements SpanExporter {

    @Override
    public CompletableResultCode export(Collection<SpanData> batch) {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }
}
