package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** Alertmanager with one receiver, a webhook. */
public final class Alertmanager implements AutoCloseable {

  private static final String CONFIG =
      """
      route:
        receiver: page
        group_by: [alertname]
        group_wait: 100ms
        group_interval: 1s
      receivers:
        - name: page
          webhook_configs:
            - url: %s
      """;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Program program;
  private final int port;

  private Alertmanager(Program program, int port) {
    this.program = program;
    this.port = port;
  }

  /** Starts one that tells a webhook; without the program it skips. */
  public static Alertmanager start(Path folder, String webhook) {
    try {
      Path config = Files.writeString(folder.resolve("config.yaml"), CONFIG.formatted(webhook));
      int port = FreePort.find();
      Program program =
          Program.start(
              folder,
              "alertmanager",
              List.of(
                  "--config.file=" + config,
                  "--storage.path=" + folder.resolve("data"),
                  "--web.listen-address=127.0.0.1:" + port,
                  "--cluster.listen-address="));
      URI ready = URI.create("http://127.0.0.1:" + port + "/-/ready");
      return new Alertmanager(program.awaitAnswer(ready), port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has an alert fire from now on. */
  public void fires(String name, String summary) {
    Instant now = Instant.now();
    post(name, summary, now, now.plusSeconds(600));
  }

  /** Has it end now. */
  public void resolved(String name) {
    Instant now = Instant.now();
    post(name, "", now.minusSeconds(1), now);
  }

  private void post(String name, String summary, Instant start, Instant end) {
    String alerts =
        """
        [{"labels":{"alertname":"%s"},"annotations":{"summary":"%s"},"startsAt":"%s","endsAt":"%s"}]
        """
            .formatted(name, summary, start, end);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v2/alerts"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(alerts))
            .build();
    try {
      assertThat(client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
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
