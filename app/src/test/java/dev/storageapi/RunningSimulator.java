package dev.storageapi;

import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Tracing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The real simulator on a free port, in this process, with a clock that stands until {@link #pass},
 * and a client that follows no redirects. There is one log in a process, as with {@link
 * RunningApp}.
 */
final class RunningSimulator implements AutoCloseable {

  static final Instant START = Instant.parse("2026-11-21T07:53:59Z");

  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final Logs logs;
  private final Tracing tracing;
  private final SimulatorApp app;

  private RunningSimulator(Map<String, String> settings) {
    Config config = Config.from(settings);
    Main.serverProperties(config.server());
    Metrics metrics = new Metrics(config.traces().on());
    logs =
        Logs.start(
            config.log().format(),
            config.log().level(),
            config.log().levels(),
            config.log().queueBytes(),
            log,
            new LogMetrics(metrics));
    tracing = Main.tracing(config, "storage-api-simulator", metrics);
    InstantSource source = now::get;
    try {
      app = new SimulatorApp(config, "test", metrics, tracing, source.withZone(ZoneOffset.UTC));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    app.start();
  }

  /** Starts with settings given as names and values in turn. */
  static RunningSimulator with(String... settings) {
    Map<String, String> environment =
        new HashMap<>(Map.of("SIMULATOR_PORT", "0", "HOST", "127.0.0.1", "SHUTDOWN_QUIET", "0ms"));
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return new RunningSimulator(environment);
  }

  int port() {
    return app.port();
  }

  /** Lets time pass. */
  void pass(Duration time) {
    now.updateAndGet(instant -> instant.plus(time));
  }

  HttpRequest request(String method, String target, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + target))
            .method(method, BodyPublishers.noBody());
    return headers.length == 0 ? request.build() : request.headers(headers).build();
  }

  /** Sends a request, and gives what {@code body} makes of the answer. */
  <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body)
      throws IOException {
    try {
      return client.send(request, body);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@code GET /documents}; headers are names and values in turn. */
  HttpResponse<byte[]> documents(String... headers) {
    return get("/documents", headers);
  }

  HttpResponse<byte[]> get(String target, String... headers) {
    return answer("GET", target, headers);
  }

  HttpResponse<byte[]> answer(String method, String target, String... headers) {
    try {
      return send(request(method, target, headers), BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a body; headers are names and values in turn. */
  HttpResponse<byte[]> post(String target, String body, String... headers) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + target))
            .POST(BodyPublishers.ofString(body))
            .headers(headers)
            .build();
    try {
      return send(request, BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  HttpResponse<byte[]> mode(String mode) {
    return answer("PUT", "/mode/" + mode);
  }

  /** The lines logged so far. */
  List<String> log() {
    return log.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Override
  public void close() {
    app.close();
    tracing.close();
    logs.close();
  }
}
