package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FreePort;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 31: restarts in a row, on one port and one database; every other end is a kill. */
final class RestartIT {

  private static final Duration UP = Duration.ofSeconds(2);

  /** What a JVM that does nothing takes for its start, on a machine with nothing else to do. */
  private static final Duration BARE = Duration.ofMillis(100);

  /** Longer than all starts take: who asks just because it has started is one too many. */
  private static final Duration INTERVAL = Duration.ofHours(1);

  /** One a second, the first when the schedule has begun. */
  private static final int LOOKS = 3;

  private static final String LOOKED = "db_query_duration_seconds_count";

  @TempDir private Path folder;

  @Test
  void fiveRestartsAreEachUpWithinTwoSeconds() {
    restart(5, (service, simulator) -> {});
  }

  @Test
  @Tag("ci")
  void fiveRestartsDoNotRushTheUpstream() {
    restart(5, RestartIT::awaitChance);
  }

  @Test
  @Tag("full")
  void fiftyRestartsAreEachUpWithinTwoSecondsAndDoNotRushTheUpstream() {
    restart(50, RestartIT::awaitChance);
  }

  private void restart(int times, BiConsumer<ServiceProcess, Simulator> life) {
    try (Simulator simulator = Simulator.start()) {
      Map<String, String> settings = settings(simulator);
      long start = System.nanoTime();
      for (int i = 0; i < times; i++) {
        long begun = System.nanoTime();
        try (ServiceProcess service = ServiceProcess.with(settings).start()) {
          assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(200);
          assertUpInTime(Duration.ofNanos(System.nanoTime() - begun));
          life.accept(service, simulator);
          if (i % 2 == 0) {
            service.terminate();
            assertThat(service.exitCode()).isZero();
          } // else it is killed
        }
        int requests = simulator.requests();
        long intervals = (System.nanoTime() - start) / INTERVAL.toNanos();
        assertThat((long) requests).as("start %d", i).isLessThanOrEqualTo(intervals + 1);
      }
    }
  }

  /** Where a JVM that does nothing is late as well, it is the machine that is busy. */
  private static void assertUpInTime(Duration taken) {
    if (taken.compareTo(UP) > 0) {
      Duration bare = bareStart();
      assertThat(taken)
          .as("a JVM that does nothing took %s", bare)
          .isLessThan(UP.multipliedBy(bare.toMillis()).dividedBy(BARE.toMillis()));
    }
  }

  private static Duration bareStart() {
    long begun = System.nanoTime();
    try {
      String java = System.getProperty("java.home") + "/bin/java";
      new ProcessBuilder(java, "-version").start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Duration.ofNanos(System.nanoTime() - begun);
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

  /** Waits until the upstream was asked once, and until this one has looked often enough to ask. */
  private static void awaitChance(ServiceProcess service, Simulator simulator) {
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () ->
                simulator.requests() > 0
                    && service.scrape().value(LOOKED, "operation", "feed_progress") >= LOOKS);
  }
}
