package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FreePort;
import dev.storageapi.testing.ServiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar's command {@code traffic} and a service, each a process of its own. */
class TrafficIT {

  private static final Pattern COUNTS =
      Pattern.compile(
          " status_2xx=(\\d+) status_3xx=0 status_4xx=(\\d+) status_5xx=(\\d+) failed=(\\d+) ");

  private static final String NOT_YET = "the service is not there yet";
  private static final String THERE = "the service is there";
  private static final String AWAY = "the service is away";

  private final int port = FreePort.find();

  private ServiceProcess traffic(String... settings) {
    Map<String, String> environment = new HashMap<>();
    environment.put("TRAFFIC_URL", "http://127.0.0.1:" + port);
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return ServiceProcess.with(environment).arguments("traffic").launch();
  }

  private ServiceProcess service(String... settings) {
    Map<String, String> environment = new HashMap<>(Map.of("PORT", Integer.toString(port)));
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return ServiceProcess.withModel(environment).start();
  }

  private static void awaitLines(ServiceProcess traffic, String... texts) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              List<String> lines = but(traffic, COUNTS);
              assertThat(lines).hasSize(texts.length);
              for (int i = 0; i < texts.length; i++) {
                assertThat(lines.get(i)).contains("msg=\"" + texts[i] + "\"");
              }
            });
  }

  /** What it has logged so far, without the lines that have {@code some}. */
  private static List<String> but(ServiceProcess traffic, Pattern some) {
    return traffic.lines().stream().filter(line -> !some.matcher(line).find()).toList();
  }

  /** Requests of a kind so far; a group of {@link #COUNTS}. */
  private static int count(ServiceProcess traffic, int group) {
    return traffic.lines().stream()
        .map(COUNTS::matcher)
        .filter(Matcher::find)
        .mapToInt(counts -> Integer.parseInt(counts.group(group)))
        .sum();
  }

  @Test
  void itWaitsForTheServiceSurvivesItsRestartsAndEndsWith0OnSigterm() {
    try (ServiceProcess traffic = traffic()) {
      awaitLines(traffic, NOT_YET);
      try (ServiceProcess service = service()) {
        service.awaitRequests(20, " path=/api/buckets/{id} ");
        service.awaitRequests(1, " path=/predict ");
        awaitLines(traffic, NOT_YET, THERE);
        service.terminate();
        assertThat(service.exitCode()).isZero();
        assertThat(service.lines()).noneMatch(line -> line.contains("the grace period is over"));
      }
      awaitLines(traffic, NOT_YET, THERE, AWAY);
      try (ServiceProcess service = service("STORAGE_DELETE_STATUS", "204")) {
        service.awaitRequests(20, " path=/api/buckets/{id} ");
        service.awaitRequests(1, " status_code=204 ");
        service.kill();
      }
      awaitLines(traffic, NOT_YET, THERE, AWAY, THERE, AWAY);
      try (ServiceProcess service = service()) {
        service.awaitRequests(20, " path=/api/buckets/{id} ");
        service.awaitRequests(1, " status_code=500 ");

        traffic.terminate();
        assertThat(traffic.exitCode()).isZero();
      }
      awaitLines(traffic, NOT_YET, THERE, AWAY, THERE, AWAY, THERE, "the traffic has ended");
      assertThat(count(traffic, 1)).isPositive();
      assertThat(count(traffic, 2)).isPositive();
      assertThat(count(traffic, 3)).isPositive();
      assertThat(traffic.errors()).isEmpty();
    }
  }

  @Test
  void itEndsWith0WithoutAServiceToo() {
    try (ServiceProcess traffic = traffic()) {
      awaitLines(traffic, NOT_YET);
      traffic.terminate();

      assertThat(traffic.exitCode()).isZero();
      assertThat(traffic.errors()).isEmpty();
    }
  }

  @Test
  void aUrlThatJavaDoesNotTakeIsExplained() {
    try (ServiceProcess traffic =
        traffic("TRAFFIC_URL", "http://storage_api:5000", "TRAFFIC_RATE", "501")) {
      assertThat(traffic.exitCode()).isEqualTo(2);
      assertThat(traffic.errors().lines())
          .hasSize(2)
          .contains("TRAFFIC_RATE=501 is not valid: a whole number, 1 to 500")
          .anyMatch(line -> line.contains("such as storage-api for storage_api"));
      assertThat(traffic.lines()).isEmpty();
    }
  }

  @Test
  @Tag("ci")
  void theDatasetsThatItAddsStayFew(@TempDir Path folder) {
    String database = "jdbc:h2:file:" + folder.resolve("storage");
    try (ServiceProcess service = service("DATABASE_URL", database, "MODEL_PATH", "none");
        ServiceProcess traffic = traffic("TRAFFIC_RATE", "500")) {
      await().until(() -> service.send("POST", "/datasets?name=mine").statusCode() == 200);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  service.accessLines().stream()
                          .filter(
                              line -> line.contains("method=POST path=/datasets status_code=200"))
                          .count()
                      > 130);
      traffic.terminate();
      assertThat(traffic.exitCode()).isZero();

      String all = service.send("GET", "/datasets").body();
      assertThat(all).contains("\"mine\"");
      assertThat(all.split("\"demo\"", -1)).hasSizeBetween(80, 110);
    }
  }
}
