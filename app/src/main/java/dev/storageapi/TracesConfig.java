package dev.storageapi;

import dev.storageapi.telemetry.Tracing;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What is traced. Where spans go, and which requests are sampled, is said by OpenTelemetry's own
 * variables, {@code OTEL_*}: {@code docs/tracing.md}.
 *
 * @param exporter who gets the spans, or {@value #OFF}
 * @param probes whether health checks and scrapes are traced
 * @param flush how long the end waits for spans to be sent
 * @param environment the variables of OpenTelemetry
 */
record TracesConfig(
    String exporter, boolean probes, Duration flush, Map<String, String> environment) {

  /** Nobody gets spans. */
  static final String OFF = "none";

  private static final List<String> PROTOCOLS =
      List.of("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");

  static TracesConfig read(Settings settings) {
    Map<String, String> otel = settings.named("OTEL_");
    TracesConfig config =
        new TracesConfig(
            exporter(otel),
            settings.flag("TRACES_PROBES", false, "Whether health checks and scrapes are traced"),
            settings.duration(
                "TRACES_FLUSH",
                "3s",
                Duration.ZERO,
                "How long the end waits for spans to be sent; what is left then is dropped"),
            otel);
    if (config.on()) {
      config.check(settings);
    }
    return config;
  }

  /** Traces are off unless an exporter or where to send them is named. */
  private static String exporter(Map<String, String> otel) {
    boolean disabled = "true".equalsIgnoreCase(otel.get("OTEL_SDK_DISABLED"));
    boolean endpoint =
        otel.containsKey("OTEL_EXPORTER_OTLP_ENDPOINT")
            || otel.containsKey("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    return disabled ? OFF : otel.getOrDefault("OTEL_TRACES_EXPORTER", endpoint ? "otlp" : OFF);
  }

  /** The JDK's client has no gRPC. */
  private void check(Settings settings) {
    PROTOCOLS.stream()
        .filter(environment::containsKey)
        .findFirst()
        .filter(name -> environment.get(name).equals("grpc") && exporter.contains("otlp"))
        .ifPresent(
            name ->
                settings.problem(
                    name + "=grpc is not supported: http/protobuf, mostly on port 4318, is"));
  }

  /**
   * Waits until spans can begin.
   *
   * @throws InvalidConfiguration if OpenTelemetry's variables are not valid
   */
  static void await(Tracing tracing) {
    try {
      tracing.await();
    } catch (IllegalArgumentException e) {
      throw new InvalidConfiguration(List.of("OpenTelemetry's settings: " + e.getMessage()));
    }
  }

  boolean on() {
    return !exporter.equals(OFF);
  }
}
