package dev.storageapi.operations;

import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What the service says of itself: {@code GET /health} and {@code GET /info}. */
public final class Service {

  private record Health(String status, String timestamp, String version) {}

  private final String version;
  private final String environment;
  private final Optional<Supplier<Map<String, Object>>> model;
  private final Map<String, Object> telemetry;
  private final Clock clock;
  private final Instant start;

  /**
   * A service of that version and environment.
   *
   * @param model what {@code /info} tells of the model; nothing where there is to be none
   * @param telemetry what it tells of metrics, logs and traces
   */
  public Service(
      String version,
      String environment,
      Optional<Supplier<Map<String, Object>>> model,
      Map<String, Object> telemetry,
      Clock clock) {
    this.version = version;
    this.environment = environment;
    this.model = model;
    this.telemetry = telemetry;
    this.clock = clock;
    this.start = clock.instant();
  }

  /** 200 as long as the process can answer; asks nobody else. */
  public Response health(Request request) {
    return Response.json(200, new Health("healthy", clock.instant().toString(), version));
  }

  /** Name, version, environment, objectives, and what telemetry is on. */
  public Response info(Request request) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("service", "storage-api");
    info.put("version", version);
    info.put("environment", environment);
    info.put("java", Runtime.version().toString());
    info.put("uptime_seconds", uptime().toMillis() / 1000.0);
    model.ifPresent(facts -> info.put("model", facts.get()));
    info.put("slo", objectives());
    info.put("telemetry", telemetry);
    return Response.json(200, info);
  }

  private Map<String, Object> objectives() {
    Map<String, Object> objectives = new LinkedHashMap<>();
    objectives.put("availability", new Objective(0.995, "30d"));
    model.ifPresent(any -> objectives.put("predict_latency", new Latency(0.99, 0.3, "7d")));
    return objectives;
  }

  /** The share of good requests that is aimed at, and over how long. */
  private record Objective(double target, String window) {}

  /** The share of requests that is to take less than a time, and over how long. */
  private record Latency(double target, double thresholdSeconds, String window) {}

  String version() {
    return version;
  }

  String environment() {
    return environment;
  }

  Duration uptime() {
    return Duration.between(start, clock.instant());
  }
}
