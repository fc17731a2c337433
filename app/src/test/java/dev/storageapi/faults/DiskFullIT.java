package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.SmallDisk;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Row 28: the disk of the database is full. Reads go on, writes are 507, and nothing is lost. */
class DiskFullIT {

  private static final String NAME = "n".repeat(200);

  @Test
  void h2RefusesWritesBeforeTheDiskIsFull() {
    try (SmallDisk disk = SmallDisk.mount(24 << 20);
        ServiceProcess service = start("jdbc:h2:file:" + disk.path().resolve("storage"), "8MiB")) {
      int stored = fill(service);

      assertThat(disk.left()).isPositive();
      assertReadsGoOn(service, stored);
      assertThat(service.lines()).noneMatch(line -> line.contains("lvl=[ERROR]"));
    }
  }

  @Test
  void h2ThatFailsToWriteCanBeReadAndComesBackWithSpace() {
    try (SmallDisk disk = SmallDisk.mount(8 << 20);
        ServiceProcess service = start("jdbc:h2:file:" + disk.path().resolve("storage"), "0")) {
      int stored = post(service) == 200 ? 1 : 0;
      disk.fill();
      stored += fill(service);
      assertReadsGoOn(service, stored);

      disk.free();
      assertWritesComeBack(service, stored);
      assertThat(service.lines()).noneMatch(line -> line.contains("lvl=[ERROR]"));
    }
  }

  @Test
  void postgresqlWithoutSpaceCanBeReadAndComesBackWithSpace() {
    PostgresCluster.assumeInstalled();
    try (SmallDisk disk = SmallDisk.mount(128 << 20);
        PostgresCluster cluster = PostgresCluster.start(disk.path());
        ServiceProcess service = start(cluster.url(), "0")) {
      int stored = post(service) == 200 ? 1 : 0;
      disk.fill();
      stored += fill(service);
      assertReadsGoOn(service, stored);

      disk.free();
      assertWritesComeBack(service, stored);
      assertThat(service.lines()).noneMatch(line -> line.contains("lvl=[ERROR]"));
    }
  }

  private static ServiceProcess start(String url, String minFree) {
    ServiceProcess service =
        ServiceProcess.with(
                Map.of(
                    "DATABASE_URL", url,
                    "DATABASE_MIN_FREE_BYTES", minFree,
                    // Only the clients' writes are to meet the full disk.
                    "FEED_QUOTA", "1"))
            .start();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
    return service;
  }

  private static int post(ServiceProcess service) {
    return service.send("POST", "/datasets?name=" + NAME).statusCode();
  }

  /** Writes until there is no space: how many were stored. */
  private static int fill(ServiceProcess service) {
    for (int stored = 0; stored < 50_000; stored++) {
      int status = post(service);
      if (status != 200) {
        assertThat(status).isEqualTo(507);
        return stored;
      }
    }
    throw new AssertionError("the disk never was full");
  }

  private static void assertReadsGoOn(ServiceProcess service, int stored) {
    for (int i = 0; i < 20; i++) {
      assertThat(post(service)).isEqualTo(507);
      assertThat(service.send("GET", "/datasets/1").statusCode()).isEqualTo(200);
      assertThat(service.send("PUT", "/api/buckets/1", "some").statusCode()).isEqualTo(200);
      assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(200);
    }
    assertThat(count(service)).isEqualTo(stored);
  }

  private static void assertWritesComeBack(ServiceProcess service, int stored) {
    await()
        .atMost(Duration.ofSeconds(5))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> post(service) == 200);
    assertThat(count(service)).isEqualTo(stored + 1);
  }

  private static int count(ServiceProcess service) {
    String all = service.send("GET", "/datasets").body();
    return all.split("\"id\":", -1).length - 1;
  }
}
