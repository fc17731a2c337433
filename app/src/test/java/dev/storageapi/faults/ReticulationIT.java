package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Bystander;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reticulations show in the metrics of the process, and harm nobody else. */
@Tag("jdk")
final class ReticulationIT {

  private static final String RETICULATE =
      "POST /datasets/1/reticulate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  private static final String PATH = "/datasets/{id}/reticulate";
  private static final int MIB = 1 << 20;

  @TempDir private Path folder;

  private ServiceProcess.Launch with(String... costs) {
    Map<String, String> settings = new HashMap<>();
    settings.put("DATABASE_URL", "jdbc:h2:file:" + folder.resolve("storage"));
    for (int i = 0; i < costs.length; i += 2) {
      settings.put("DATASETS_RETICULATE_" + costs[i], costs[i + 1]);
    }
    return ServiceProcess.with(settings);
  }

  private static List<RawClient> reticulate(ServiceProcess service, int times) {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      RawClient client = RawClient.connect(service.port());
      client.write(RETICULATE);
      clients.add(client);
    }
    return clients;
  }

  private static List<Integer> statuses(List<RawClient> clients) {
    List<Integer> statuses = new ArrayList<>();
    for (RawClient client : clients) {
      statuses.add(client.answer(Duration.ofSeconds(30)).status());
      client.close();
    }
    return statuses;
  }

  private static void awaitInProgress(ServiceProcess service, int count) {
    await()
        .untilAsserted(
            () ->
                assertThat(service.scrape().value("dataset_reticulations_in_progress"))
                    .isEqualTo(count));
  }

  private static double heap(ServiceProcess service) {
    return service.scrape().value("jvm_memory_used_bytes", "area", "heap");
  }

  @Test
  void itsTimeProcessorAndMemoryAreSeen() {
    try (ServiceProcess service = with("CPU", "1s", "MEMORY", "96MiB", "PAUSE", "2s").start()) {
      Watch watch = Watch.withBaseline(service);
      assertThat(heap(service)).isLessThan(64 * MIB);

      List<RawClient> running = reticulate(service, 1);

      await().untilAsserted(() -> assertThat(heap(service)).isGreaterThan(96 * MIB));
      awaitInProgress(service, 1);
      assertThat(statuses(running)).containsExactly(200);
      watch.assertSeen(1, PATH, "POST", 200);
      assertThat(watch.grown("http_request_duration_seconds_sum", "path", PATH))
          .isBetween(3.0, 10.0);
      assertThat(watch.grown("process_cpu_seconds_total")).isGreaterThan(0.5);
      assertThat(watch.grown("dataset_reticulations_total", "outcome", "completed")).isEqualTo(1);
      awaitInProgress(service, 0);
      watch.assertBackAtBaseline();
    }
  }

  @Test
  void othersAreServedWhileReticulationsBurnEveryCore() {
    int most = 2 * Runtime.getRuntime().availableProcessors();
    try (ServiceProcess service =
            with("CPU", "3s", "MEMORY", "1MiB", "PAUSE", "0ms", "MAX", "" + most).start();
        Bystander bystander = Bystander.of(service)) {
      await().until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
      List<RawClient> running = reticulate(service, most);
      awaitInProgress(service, most);
      assertThat(service.send("POST", "/datasets?name=x").statusCode()).isEqualTo(200);
      assertThat(service.send("GET", "/datasets").statusCode()).isEqualTo(200);
      assertThat(service.scrape().value("dataset_reticulations_in_progress")).isEqualTo(most);
      assertThat(statuses(running)).containsOnly(200);
      bystander.assertUndisturbed();
    }
  }

  /** Whichever collector: with G1 a large array would take more than its size. */
  @ParameterizedTest
  @CsvSource({
    "-XX:+UseSerialGC, -Xmx160m",
    "-XX:+UseSerialGC, -Xmx200m",
    "-XX:+UseG1GC, -Xmx160m",
    "-XX:+UseG1GC, -Xmx200m",
    "-XX:+UseParallelGC, -Xmx160m"
  })
  void withTooLittleHeapItIsA503AndNotTheEndOfTheProcess(String collector, String heap) {
    try (ServiceProcess service =
            with("CPU", "100ms", "MEMORY", "80MiB", "PAUSE", "500ms", "MAX", "8")
                .jvm("-XX:-UseSerialGC", collector, heap)
                .start();
        Bystander bystander = Bystander.of(service)) {
      assertThat(statuses(reticulate(service, 1))).containsExactly(200);
      List<Integer> statuses = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        statuses.addAll(statuses(reticulate(service, 4)));
      }

      assertThat(statuses).isSubsetOf(200, 503).contains(503);
      assertThat(service.isAlive()).isTrue();
      assertThat(service.errors()).isEmpty();
      assertThat(service.lines()).noneMatch(line -> line.contains("lvl=[ERROR]"));
      double rejected = statuses.stream().filter(status -> status == 503).count();
      assertThat(service.scrape().value("dataset_reticulations_total", "outcome", "rejected"))
          .isEqualTo(rejected);
      assertThat(service.scrape().value("dataset_reticulations_in_progress")).isZero();
      bystander.assertServed();
    }
  }

  @Test
  void aTerminatedServiceEndsAtOnceWhileReticulationsRun() {
    try (ServiceProcess service = with("CPU", "10s", "PAUSE", "10s", "MEMORY", "1MiB").start()) {
      List<RawClient> running = reticulate(service, 2);
      awaitInProgress(service, 2);
      long start = System.nanoTime();

      service.terminate();

      assertThat(statuses(running)).containsExactly(503, 503);
      assertThat(service.exitCode()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      assertThat(service.awaitRequests(2, PATH)).allMatch(line -> line.contains("status_code=503"));
    }
  }
}
