package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FreePort;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 31: restarts in a row, on one port and one database; every other end is a kill. */
final class RestartIT {

  private static final Duration UP = Duration.ofSeconds(2);

  /**
   * Longer than a process lives here: one that asks just because it has started is one too many.
   */
  private static final Duration INTERVAL = Duration.ofSeconds(15);

  @TempDir private Path folder;

  @Test
  void fiveRestartsAreEachUpWithinTwoSecondsAndDoNotRushTheUpstream() {
    restart(5);
  }

  @Test
  @Tag("full")
  void fiftyRestartsAreEachUpWithinTwoSecondsAndDoNotRushTheUpstream() {
    restart(50);
  }

  private void restart(int times) {
    try (Simulator simulator = Simulator.start()) {
      Map<String, String> settings = settings(simulator);
      long start = System.nanoTime();
      for (int i = 0; i < times; i++) {
        long begun = System.nanoTime();
        try (ServiceProcess service = ServiceProcess.with(settings).start()) {
          assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(200);
          assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(UP);
          awaitSchedule(service);
          if (i % 2 == 0) {
            service.terminate();
            assertThat(service.exitCode()).isZero();
          } // else it is killed
        }
        long intervals = (System.nanoTime() - start) / INTERVAL.toNanos();
        assertThat(simulator.requests()).as("start %d", i).isBetween(1, (int) intervals + 1);
      }
    }
  }

  private Map<String, String> settings(Simulator simulator) {
    return simulator.feed(
        "jdbc:h2:file:" + folder.resolve("storage"),
        "PORT",
        Integer.toString(FreePort.find()),
        "SHUTDOWN_QUIET",
        "100ms",
        "FEED_QUOTA",
        "1",
        "FEED_QUOTA_WINDOW",
        INTERVAL.toSeconds() + "s");
  }

  /** Waits until it fetches what is due: the age is known by a look that comes behind that. */
  private static void awaitSchedule(ServiceProcess service) {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> service.send("GET", "/feed/items").headers().firstValue("Age").isPresent());
  }
}
