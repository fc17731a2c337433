package dev.storageapi.telemetry;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.DoubleSupplier;

/**
 * Makes the metrics of the catalogue in one registry, each once. Who records keeps the data points:
 * looking one up by its labels costs more than counting.
 */
public final class Metrics {

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Map<Metric, Counter> counters = new ConcurrentHashMap<>();
  private final boolean exemplars;

  /** Metrics without exemplars: where nothing is traced, to look for them is wasted time. */
  public Metrics() {
    this(false);
  }

  /**
   * Metrics of a service.
   *
   * @param exemplars whether histograms keep some spans of sampled traces
   */
  public Metrics(boolean exemplars) {
    this.exemplars = exemplars;
  }

  /** What is scraped. */
  public PrometheusRegistry registry() {
    return registry;
  }

  /** A counter, the same for everybody who counts into it. */
  public Counter counter(Metric metric) {
    return counters.computeIfAbsent(
        metric,
        one ->
            Counter.builder()
                .name(one.exposedName())
                .help(one.help())
                .labelNames(one.labelNames())
                .withoutExemplars()
                .register(registry));
  }

  /** A histogram with classic buckets only. */
  public Histogram classicHistogram(Metric metric) {
    return histogram(metric).classicOnly().register(registry);
  }

  /** A histogram with classic buckets, and native ones for those who scrape protobuf. */
  public Histogram nativeHistogram(Metric metric) {
    return histogram(metric).register(registry);
  }

  private Histogram.Builder histogram(Metric metric) {
    Histogram.Builder builder =
        Histogram.builder()
            .name(metric.exposedName())
            .help(metric.help())
            .labelNames(metric.labelNames())
            .classicUpperBounds(metric.buckets());
    return exemplars ? builder.withExemplars() : builder.withoutExemplars();
  }

  /** A gauge that is read when scraped. */
  public void gauge(Metric metric, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(metric.exposedName())
        .help(metric.help())
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  /** Gauges of one name, told apart by one label, that are read when scraped. */
  public static final class Gauges {

    private final Map<String, DoubleSupplier> values = new ConcurrentSkipListMap<>();

    /** Adds one; {@code label} is the label's value. */
    public void add(String label, DoubleSupplier value) {
      values.put(label, value);
    }
  }

  /** Gauges of a metric with one label; empty until some are added. */
  public Gauges gauges(Metric metric) {
    Gauges gauges = new Gauges();
    GaugeWithCallback.builder()
        .name(metric.exposedName())
        .help(metric.help())
        .labelNames(metric.labelNames())
        .callback(
            callback ->
                gauges.values.forEach((label, value) -> callback.call(value.getAsDouble(), label)))
        .register(registry);
    return gauges;
  }

  /** A constant 1 whose labels tell what runs. */
  public void info(Metric metric, String... values) {
    Info.builder()
        .name(metric.exposedName())
        .help(metric.help())
        .labelNames(metric.labelNames())
        .register(registry)
        .setLabelValues(values);
  }

  /**
   * The JVM's and the process' own metrics: {@code jvm_*} and {@code process_*}. To find them takes
   * as long as all the rest of the start, so it is done in the background; a scrape waits for it.
   */
  public void jvm() {
    PrometheusRegistry own = new PrometheusRegistry();
    CompletableFuture<Void> found =
        CompletableFuture.runAsync(
            () -> JvmMetrics.builder().register(own),
            task -> new Thread(task, "jvm-metrics").start());
    MultiCollector whenFound =
        () -> {
          found.join();
          return own.scrape();
        };
    registry.register(whenFound);
  }
}
