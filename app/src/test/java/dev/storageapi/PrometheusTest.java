package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.storageapi.testing.Program;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics in a real Prometheus: it takes the scrape, native histograms included. */
class PrometheusTest {

  private static final String CONFIG =
      """
      global:
        scrape_interval: 1s
        scrape_native_histograms: true
        always_scrape_classic_histograms: true
      scrape_configs:
        - job_name: storage-api
          static_configs:
            - targets: ["127.0.0.1:%d"]
      """;

  @Test
  void promtoolFindsNothingToSay(@TempDir Path folder) throws Exception {
    Path promtool = Program.find("promtool");
    try (RunningApp app = RunningApp.withDatabase(folder)) {
      app.put("/api/buckets/1", "x");
      Path scrape = folder.resolve("scrape.txt");
      Files.write(scrape, app.get("/metrics").body());
      Path says = folder.resolve("says.txt");

      Process check =
          new ProcessBuilder(promtool.toString(), "check", "metrics")
              .redirectInput(scrape.toFile())
              .redirectErrorStream(true)
              .redirectOutput(says.toFile())
              .start();

      assertThat(check.waitFor()).as(Files.readString(says)).isZero();
    }
  }

  @Test
  void prometheusCountsWhatWasSent(@TempDir Path folder) throws Exception {
    Path prometheus = Program.find("prometheus");
    try (RunningApp app = RunningApp.with()) {
      for (int i = 0; i < 20; i++) {
        app.put("/api/buckets/" + i, "x");
      }
      int port = freePort();
      Path config = folder.resolve("prometheus.yaml");
      Files.writeString(config, CONFIG.formatted(app.app.port()));
      Process process =
          new ProcessBuilder(
                  prometheus.toString(),
                  "--config.file=" + config,
                  "--storage.tsdb.path=" + folder.resolve("data"),
                  "--web.listen-address=127.0.0.1:" + port)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
      try {
        String put = "{path=\"/api/buckets/{id}\",method=\"PUT\"}";
        eventually(port, "http_requests_total{method=\"PUT\",status=\"200\"}", 20);
        eventually(port, "histogram_count(http_request_duration_seconds" + put + ")", 20);
        eventually(port, "http_request_duration_seconds_bucket{le=\"10.0\",method=\"PUT\"}", 20);
        eventually(port, "up{job=\"storage-api\"}", 1);
      } finally {
        process.destroy();
        process.waitFor();
      }
    }
  }

  private static void eventually(int port, String query, double expected) {
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(ask(port, query)).as(query).isEqualTo(expected));
  }

  private static double ask(int port, String query) throws IOException, InterruptedException {
    URI uri =
        URI.create(
            "http://127.0.0.1:%d/api/v1/query?query=%s"
                .formatted(port, URLEncoder.encode(query, StandardCharsets.UTF_8)));
    JsonNode answer =
        new ObjectMapper()
            .readTree(
                HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                    .body());
    return answer.at("/data/result/0/value/1").asDouble(-1);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
