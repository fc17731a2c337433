package dev.storageapi.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * OpenTelemetry's Collector, which writes the spans that it gets into a file.
 *
 * <pre>{@code
 * try (Collector collector = Collector.start(folder);
 *     ServiceProcess service = ServiceProcess.with(collector.settings()).start()) {
 *   …
 *   collector.end(); // all it got is in the file
 *   collector.forEach(span -> …);
 * }
 * }</pre>
 */
public final class Collector implements AutoCloseable {

  private static final String CONFIG =
      """
      receivers:
        otlp:
          protocols:
            http:
              endpoint: 127.0.0.1:%d
      exporters:
        file:
          path: %s
          flush_interval: 100ms
      extensions:
        health_check:
          endpoint: 127.0.0.1:%d
      service:
        extensions: [health_check]
        telemetry:
          metrics:
            level: none
        pipelines:
          traces:
            receivers: [otlp]
            exporters: [file]
      """;

  private static final JsonMapper JSON = new JsonMapper();

  private final Program program;
  private final int port;
  private final Path file;

  /**
   * A span as it came.
   *
   * @param service the resource's {@code service.name}
   * @param parentId empty if it is a root
   * @param kind of OTLP: 1 internal, 2 server, 3 client
   * @param nanos from its start to its end
   * @param failed whether its status is an error
   * @param attributes as text
   */
  public record Span(
      String service,
      String traceId,
      String spanId,
      String parentId,
      String name,
      int kind,
      long nanos,
      boolean failed,
      Map<String, String> attributes) {

    private static final int SERVER = 2;

    private static Span of(String service, JsonNode json) {
      Map<String, String> attributes = new HashMap<>();
      json.path("attributes")
          .forEach(
              one ->
                  attributes.put(
                      one.get("key").asText(), one.get("value").elements().next().asText()));
      return new Span(
          service,
          json.get("traceId").asText(),
          json.get("spanId").asText(),
          json.path("parentSpanId").asText(),
          json.get("name").asText(),
          json.get("kind").asInt(),
          json.get("endTimeUnixNano").asLong() - json.get("startTimeUnixNano").asLong(),
          json.path("status").path("code").asInt() == 2,
          attributes);
    }

    /** Whether it is of a request that the service answered. */
    public boolean isServer() {
      return kind == SERVER;
    }
  }

  private Collector(Program program, int port, Path file) {
    this.program = program;
    this.port = port;
    this.file = file;
  }

  /** Starts one on free ports, with its files in that folder; without the program it skips. */
  public static Collector start(Path folder) {
    int port = FreePort.find();
    int health = FreePort.find();
    Path file = folder.resolve("spans.json");
    Path config = folder.resolve("collector.yaml");
    try {
      Files.writeString(config, CONFIG.formatted(port, file, health));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Program program = Program.start(folder, "otelcol-contrib", List.of("--config=" + config));
    return new Collector(
        program.awaitAnswer(URI.create("http://127.0.0.1:" + health + "/")), port, file);
  }

  /** Where it takes OTLP over HTTP. */
  public int port() {
    return port;
  }

  /** What tells a service to send its spans there. */
  public Map<String, String> settings() {
    return settings(port);
  }

  /** What tells a service to send its spans to a port of 127.0.0.1. */
  public static Map<String, String> settings(int port) {
    return Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + port);
  }

  /** Gives every span so far, one after the other: there may be many. */
  public void forEach(Consumer<Span> sink) {
    try (var lines = Files.lines(file)) {
      lines.forEach(line -> read(line, sink));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void read(String line, Consumer<Span> sink) {
    try {
      for (JsonNode resource : JSON.readTree(line).get("resourceSpans")) {
        String service = "";
        for (JsonNode one : resource.path("resource").path("attributes")) {
          service =
              one.get("key").asText().equals("service.name")
                  ? one.get("value").get("stringValue").asText()
                  : service;
        }
        for (JsonNode scope : resource.get("scopeSpans")) {
          for (JsonNode span : scope.get("spans")) {
            sink.accept(Span.of(service, span));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it; all that it got is in its file then, and can still be read. */
  public void end() {
    program.close();
  }

  @Override
  public void close() {
    end();
  }
}
