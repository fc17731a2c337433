package dev.storageapi;

import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Tracing;
import dev.storageapi.testing.Form;
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
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The real application on a free port, in this process, and a client for it. There is one log in a
 * process: starting another application ends the log of the one before.
 */
final class RunningApp implements AutoCloseable {

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final Logs logs;
  final App app;
  final Metrics metrics;
  private final Tracing tracing;

  private RunningApp(Map<String, String> settings) {
    Config config = Config.from(settings);
    Main.serverProperties(config.server());
    Main.clientProperties();
    Main.inferenceProperties(config.inference());
    metrics = new Metrics(config.traces().on());
    logs =
        Logs.start(
            config.log().format(),
            config.log().level(),
            config.log().levels(),
            config.log().queueBytes(),
            log,
            new LogMetrics(metrics));
    tracing = Main.tracing(config, "storage-api", metrics);
    try {
      app = new App(config, "test", metrics, tracing, Clock.systemUTC());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    app.start();
  }

  /**
   * Starts with settings given as names and values in turn; without a database unless they name
   * one.
   */
  static RunningApp with(String... settings) {
    Map<String, String> environment =
        new HashMap<>(
            Map.of(
                "PORT", "0",
                "HOST", "127.0.0.1",
                "SHUTDOWN_QUIET", "0ms",
                "DATABASE_URL", "none",
                "MODEL_PATH", "none"));
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return new RunningApp(environment);
  }

  /** As {@link #with}, with H2 in a folder; comes back when that is there. */
  static RunningApp withDatabase(Path folder, String... settings) {
    List<String> all = new ArrayList<>(List.of(settings));
    all.addAll(List.of("DATABASE_URL", "jdbc:h2:file:" + folder.resolve("storage")));
    RunningApp app = with(all.toArray(String[]::new));
    await().until(() -> app.get("/ready/datasets").statusCode() == 200);
    return app;
  }

  /** As {@link #with}, with a model, the digits unless the settings say so; not waited for. */
  static RunningApp withModel(String... settings) {
    List<String> all = new ArrayList<>(List.of("MODEL_PATH", "digits"));
    all.addAll(List.of("INFERENCE_NATIVE_DIR", "target/native")); // once for all tests
    all.addAll(List.of(settings));
    return with(all.toArray(String[]::new));
  }

  /** Waits until the model is there. */
  RunningApp withModelLoaded() {
    await().until(() -> get("/ready/inference").statusCode() == 200);
    return this;
  }

  /** Waits until the bucket store is there. */
  RunningApp withStore() {
    await().until(() -> get("/ready/storage").statusCode() == 200);
    return this;
  }

  /** Asks what an image shows. */
  HttpResponse<byte[]> predict(byte[] image) {
    Form form = new Form().file("file", "image.png", "image/png", image);
    return send("POST", "/predict", form.body(), "Content-Type", form.contentType());
  }

  URI uri(String target) {
    return URI.create("http://127.0.0.1:" + app.port() + target);
  }

  /** Of the operators' port. */
  URI managementUri(String target) {
    return URI.create("http://127.0.0.1:" + app.managementPort() + target);
  }

  /** Sends a request; headers are names and values in turn. */
  HttpResponse<byte[]> send(String method, String target, byte[] body, String... headers) {
    return send(uri(target), method, body, headers);
  }

  HttpResponse<byte[]> send(URI uri, String method, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return client.send(request.build(), BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  HttpResponse<byte[]> get(String target, String... headers) {
    return send("GET", target, new byte[0], headers);
  }

  HttpResponse<byte[]> put(String target, String body) {
    return send("PUT", target, body.getBytes(StandardCharsets.UTF_8));
  }

  HttpResponse<byte[]> delete(String target) {
    return send("DELETE", target, new byte[0]);
  }

  String text(String target, String... headers) {
    return body(get(target, headers));
  }

  static String body(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse(null);
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
