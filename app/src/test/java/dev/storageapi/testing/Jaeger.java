package dev.storageapi.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Jaeger with its spans in memory, and what its query API says of a trace. */
public final class Jaeger implements AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();

  /** Everything that it would listen on otherwise, so that several can run. */
  private static final List<String> OTHER_PORTS =
      List.of(
          "collector.otlp.grpc.host-port",
          "query.grpc-server.host-port",
          "collector.http-server.host-port",
          "collector.grpc-server.host-port",
          "processor.jaeger-binary.server-host-port",
          "processor.jaeger-compact.server-host-port",
          "processor.zipkin-compact.server-host-port",
          "http-server.host-port");

  private final HttpClient client = HttpClient.newHttpClient();
  private final Program program;
  private final int otlp;
  private final int query;

  /**
   * A span as Jaeger has it.
   *
   * @param service the {@code service.name}
   * @param parentId empty if it is a root
   * @param micros its duration, in microseconds
   * @param tags its attributes, as text, with {@code span.kind} among them
   */
  public record Span(
      String service,
      String traceId,
      String spanId,
      String parentId,
      String name,
      long micros,
      Map<String, String> tags) {

    private static Span of(JsonNode json, JsonNode processes) {
      String parent = "";
      for (JsonNode reference : json.get("references")) {
        if (reference.get("refType").asText().equals("CHILD_OF")) {
          parent = reference.get("spanID").asText();
        }
      }
      Map<String, String> tags = new HashMap<>();
      json.get("tags").forEach(tag -> tags.put(tag.get("key").asText(), tag.get("value").asText()));
      return new Span(
          processes.get(json.get("processID").asText()).get("serviceName").asText(),
          json.get("traceID").asText(),
          json.get("spanID").asText(),
          parent,
          json.get("operationName").asText(),
          json.get("duration").asLong(),
          tags);
    }

    /** Whether it is of a request that was answered. */
    public boolean isServer() {
      return "server".equals(tags.get("span.kind"));
    }
  }

  private Jaeger(Program program, int otlp, int query) {
    this.program = program;
    this.otlp = otlp;
    this.query = query;
  }

  /** Starts one on free ports, with its log in that folder; without the program it skips. */
  public static Jaeger start(Path folder) {
    int otlp = FreePort.find();
    int query = FreePort.find();
    int admin = FreePort.find();
    List<String> arguments = new ArrayList<>();
    arguments.add("--collector.otlp.http.host-port=127.0.0.1:" + otlp);
    arguments.add("--query.http-server.host-port=127.0.0.1:" + query);
    arguments.add("--admin.http.host-port=127.0.0.1:" + admin);
    OTHER_PORTS.forEach(flag -> arguments.add("--" + flag + "=127.0.0.1:" + FreePort.find()));
    Program program = Program.start(folder, "jaeger1", arguments);
    return new Jaeger(
        program.awaitAnswer(URI.create("http://127.0.0.1:" + admin + "/")), otlp, query);
  }

  /** What tells a service to send its spans there. */
  public Map<String, String> settings() {
    return Collector.settings(otlp);
  }

  /** The spans of a trace that have come so far; empty if none has. */
  public List<Span> trace(String traceId) {
    return spans("/api/traces/" + traceId);
  }

  /** The spans of all traces in which a service has one. */
  public List<Span> traces(String service) {
    return spans("/api/traces?limit=100000&lookback=1h&service=" + service);
  }

  private List<Span> spans(String path) {
    URI uri = URI.create("http://127.0.0.1:" + query + path);
    try {
      HttpResponse<String> answer =
          client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
      List<Span> spans = new ArrayList<>();
      for (JsonNode trace : JSON.readTree(answer.body()).path("data")) {
        for (JsonNode span : trace.get("spans")) {
          spans.add(Span.of(span, trace.get("processes")));
        }
      }
      return spans;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
