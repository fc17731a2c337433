package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FeedStatus;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import dev.storageapi.testing.SmallDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Row 28 for the feed: the disk of H2 is full. Items are served, and nobody asks for more. */
final class FeedDiskFullIT {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String MINE = "{\"id\":\"mine\",\"title\":\"x\"}";

  @Test
  void itemsAreServedWritesAre507AndTheUpstreamIsNotAskedUntilThereIsSpace() throws IOException {
    try (SmallDisk disk = SmallDisk.mount(24 << 20);
        Simulator simulator = Simulator.start();
        ServiceProcess service = service(disk, simulator)) {
      awaitFetch(service);
      String items = service.send("GET", "/feed/items").body();
      Path much = disk.path().resolve("much");
      Files.write(much, new byte[(int) disk.left() - (4 << 20)]);
      await().atMost(PATIENCE).until(() -> write(service, "POST", "/feed/items") == 507);
      int asked = simulator.requests();

      // Five intervals without a fetch; one may have been under way.
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(FeedStatus.of(service).ageSeconds()).isGreaterThan(5));
      assertThat(simulator.requests()).isLessThanOrEqualTo(asked + 1);
      assertThat(write(service, "POST", "/feed/items")).isEqualTo(507);
      assertThat(write(service, "PUT", "/feed/items/mine")).isEqualTo(507);
      assertThat(write(service, "DELETE", "/feed/items/mine")).isEqualTo(507);
      assertThat(service.send("GET", "/feed/items").body()).isEqualTo(items);
      assertThat(service.send("GET", "/ready/feed").statusCode()).isEqualTo(200);
      assertThat(service.send("PUT", "/api/buckets/1", "some").statusCode()).isEqualTo(200);

      Files.delete(much);
      awaitFetch(service);
      assertThat(write(service, "POST", "/feed/items")).isEqualTo(201);
      assertThat(service.lines()).noneMatch(line -> line.contains(" lvl=[ERROR] "));
    }
  }

  private static ServiceProcess service(SmallDisk disk, Simulator simulator) {
    return ServiceProcess.with(
            simulator.feed(
                "jdbc:h2:file:" + disk.path().resolve("storage"),
                "DATABASE_MIN_FREE_BYTES",
                "8MiB",
                "FEED_QUOTA",
                "1",
                "FEED_QUOTA_WINDOW",
                "1s"))
        .start();
  }

  private static int write(ServiceProcess service, String method, String path) {
    return service.send(method, path, method.equals("DELETE") ? "" : MINE).statusCode();
  }

  /** Waits for a fetch that went well and ended behind this call. */
  private static void awaitFetch(ServiceProcess service) {
    Instant now = Instant.now();
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                service.send("GET", "/feed").statusCode() == 200
                    && FeedStatus.of(service).lastSuccess().filter(now::isBefore).isPresent());
  }
}
