package dev.storageapi.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * OpenTelemetry's SDK for traces, set up by the standard {@code OTEL_*} environment as its
 * specification says; {@code docs/tracing.md} lists where ours deviates. Metrics and logs do not go
 * through it.
 */
public final class Tracing implements AutoCloseable {

  private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");

  /** What holds unless the environment says otherwise. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "otel.exporter.otlp.protocol", "http/protobuf",
          "otel.attribute.value.length.limit", "1024");

  /** What holds whatever it says: Prometheus scrapes, and logs go to standard output. */
  private static final Map<String, String> FIXED =
      Map.of("otel.metrics.exporter", "none", "otel.logs.exporter", "none");

  /** The SDK's own default. */
  private static final int QUEUE = 2048;

  private static final Pattern PROPERTY = Pattern.compile("otel(\\.[a-z]+)+");

  private final SpanQueue queue;
  private final Duration flush;
  private final CompletableFuture<OpenTelemetrySdk> sdk;
  private final OtelLog log;
  private final Spans spans;

  private Tracing(
      SpanQueue queue,
      Duration flush,
      CompletableFuture<OpenTelemetrySdk> sdk,
      OtelLog log,
      Spans spans) {
    this.queue = queue;
    this.flush = flush;
    this.sdk = sdk;
    this.log = log;
    this.spans = spans;
  }

  /** Where nothing is traced. */
  public static Tracing off(Metrics metrics) {
    SpanQueue queue = new SpanQueue(metrics, System::nanoTime);
    return new Tracing(
        queue, Duration.ZERO, CompletableFuture.completedFuture(null), null, Spans.OFF);
  }

  /**
   * Begins to trace. The SDK is set up in the background, which takes as long as the rest of the
   * start; until it is there, who begins a span waits for it.
   *
   * @param environment the {@code OTEL_*} variables; the SDK sees no others
   * @param service the {@code service.name} where the environment has none
   * @param version of the service
   * @param stage where it runs, {@code deployment.environment.name}
   * @param flush how long the end waits for spans to be sent
   * @param metrics where what is lost is counted
   */
  public static Tracing start(
      Map<String, String> environment,
      String service,
      String version,
      String stage,
      Duration flush,
      Metrics metrics) {
    SpanQueue queue = new SpanQueue(metrics, System::nanoTime);
    OtelLog log = new OtelLog(queue);
    CompletableFuture<OpenTelemetrySdk> sdk =
        CompletableFuture.supplyAsync(
            () -> sdk(environment, service, version, stage, queue),
            task -> new Thread(task, "tracing").start());
    Spans spans =
        new Spans(
            sdk.thenApply(one -> one.getTracer("dev.storageapi", version))::join,
            sdk.thenApply(one -> one.getPropagators().getTextMapPropagator())::join);
    return new Tracing(queue, flush, sdk, log, spans);
  }

  private static OpenTelemetrySdk sdk(
      Map<String, String> environment,
      String service,
      String version,
      String stage,
      SpanQueue queue) {
    Attributes ours =
        Attributes.builder()
            .put("service.version", version)
            .put("deployment.environment.name", stage)
            .build();
    return AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook() // it would end at the signal, before the last request
        .addPropertiesCustomizer(any -> properties(environment))
        .addResourceCustomizer((found, any) -> resource(found, ours, service))
        .addSpanExporterCustomizer((exporter, any) -> behind(queue, exporter))
        .addSpanProcessorCustomizer((batches, config) -> before(queue, batches, config))
        .build()
        .getOpenTelemetrySdk();
  }

  /**
   * Waits until spans can begin.
   *
   * @throws IllegalArgumentException if a variable is not valid; the message says which
   */
  public void await() {
    try {
      sdk.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof ConfigurationException cause) {
        log.close();
        throw new IllegalArgumentException(reason(cause), cause);
      }
      throw e;
    }
  }

  /** In the words of the environment. What the SDK did not expect it hides behind words of none. */
  private static String reason(ConfigurationException e) {
    boolean hidden = e.getCause() != null && e.getMessage().startsWith("Unexpected");
    String message = String.valueOf(hidden ? e.getCause().getMessage() : e.getMessage());
    return PROPERTY.matcher(message).replaceAll(name -> variable(name.group()));
  }

  private static String variable(String property) {
    return property.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  /**
   * All that the SDK sees: it would also read the process by itself, take an empty variable for a
   * value, and not know a file of settings. What is null is not there.
   */
  private static Map<String, String> properties(Map<String, String> environment) {
    Map<String, String> properties = new HashMap<>();
    System.getenv().keySet().forEach(name -> properties.put(property(name), null));
    System.getProperties().stringPropertyNames().forEach(name -> properties.put(name, null));
    properties.putAll(DEFAULTS);
    environment.forEach((name, value) -> properties.put(property(name), value));
    properties.putAll(FIXED);
    return properties;
  }

  private static String property(String variable) {
    return variable.toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /** The attributes that the environment has not set. */
  private static Resource resource(Resource found, Attributes ours, String service) {
    Resource all = Resource.create(ours).merge(found);
    boolean named = !String.valueOf(found.getAttribute(SERVICE)).startsWith("unknown_service");
    return named ? all : all.merge(Resource.create(Attributes.of(SERVICE, service)));
  }

  private static SpanExporter behind(SpanQueue queue, SpanExporter exporter) {
    return exporter instanceof OtlpHttpSpanExporter ? queue.behind(exporter) : exporter;
  }

  private static SpanProcessor before(
      SpanQueue queue, SpanProcessor batches, ConfigProperties config) {
    return batches instanceof BatchSpanProcessor
        ? queue.before(batches, config.getInt("otel.bsp.max.queue.size", QUEUE))
        : batches;
  }

  /** Begins the spans. */
  public Spans spans() {
    return spans;
  }

  /** Sends what has not been sent, as long as the time for it lasts; the rest counts as dropped. */
  @Override
  public void close() {
    if (spans.on()) {
      queue.close();
      sdk.join().shutdown().join(flush.toMillis(), TimeUnit.MILLISECONDS);
      queue.abandon();
      log.close();
    }
  }
}
