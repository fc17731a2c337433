package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FeedStatus;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import dev.storageapi.testing.Simulator.Served;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 24: how often the upstream is asked, as the simulator counts it. */
@Tag("ci")
class FeedPaceIT {

  /** How much sooner a request may come than the one before it, from our clock to its log. */
  private static final Duration EARLY = Duration.ofMillis(100);

  /** How much later, on a busy machine. */
  private static final Duration LATE = Duration.ofSeconds(1);

  @TempDir private Path folder;

  private ServiceProcess service(Simulator simulator, String... settings) {
    String database = "jdbc:h2:file:" + folder.resolve("storage");
    return ServiceProcess.with(simulator.feed(database, settings)).start();
  }

  private static void awaitServed(Simulator simulator, int count) {
    await()
        .atMost(Duration.ofMinutes(4))
        .untilAsserted(() -> assertThat(simulator.served()).hasSizeGreaterThanOrEqualTo(count));
  }

  private static Duration gap(List<Served> served, int number) {
    return Duration.between(served.get(number - 1).at(), served.get(number).at());
  }

  /** A wait of so long, made longer by up to a tenth, and what a machine adds to it. */
  private static void assertWaited(Duration gap, Duration wait) {
    assertThat(gap).isBetween(wait.minus(EARLY), wait.plus(wait.dividedBy(10)).plus(LATE));
  }

  @Test
  void theQuotaIsUsedAndNeverExceeded() {
    keepWithin(10, Duration.ofSeconds(5), Duration.ofSeconds(15));
  }

  @Test
  @Tag("full")
  void theQuotaIsUsedAndNeverExceededForMinutes() {
    keepWithin(30, Duration.ofSeconds(15), Duration.ofSeconds(150));
  }

  private void keepWithin(int quota, Duration window, Duration time) {
    try (Simulator simulator = Simulator.start();
        ServiceProcess service =
            service(
                simulator,
                "FEED_QUOTA",
                Integer.toString(quota),
                "FEED_QUOTA_WINDOW",
                window.toSeconds() + "s")) {
      int fetches = (int) (quota * time.toMillis() / window.toMillis());
      awaitServed(simulator, 2 + fetches);
      List<Served> served = simulator.served();

      Duration interval = window.dividedBy(quota);
      Duration took = Duration.between(served.get(1).at(), served.get(1 + fetches).at());
      assertThat(took) // from the second on: the first one loads classes
          .isGreaterThanOrEqualTo(interval.multipliedBy(fetches).minus(EARLY))
          .isLessThan(interval.multipliedBy(fetches).multipliedBy(5).dividedBy(4));
      assertThat(simulator.requests()).isLessThanOrEqualTo(served.size() + 1);
      for (int i = quota; i < served.size(); i++) {
        assertThat(Duration.between(served.get(i - quota).at(), served.get(i).at()))
            .as("from request %d to %d", i - quota, i)
            .isGreaterThanOrEqualTo(window);
      }
      assertThat(served.get(0).status()).isEqualTo(200);
      long whole = served.stream().filter(one -> one.status() == 200).count();
      assertThat(whole).isLessThanOrEqualTo(2); // an hour may have begun meanwhile
      assertThat(served).allMatch(one -> one.status() == 200 || one.status() == 304);
      assertThat(FeedStatus.of(service).items()).isBetween(50, 51);
    }
  }

  @Test
  void theWaitDoublesWithEachFailureUpToTheLimitAndIsForgottenAfterwards() {
    try (Simulator simulator = Simulator.start("SIMULATOR_MODE", "failing");
        ServiceProcess service =
            service(
                simulator,
                "FEED_QUOTA",
                "5",
                "FEED_QUOTA_WINDOW",
                "1s",
                "FEED_MAX_BACKOFF",
                "3s")) {
      awaitServed(simulator, 7);
      List<Served> failed = simulator.served();
      int[] millis = {400, 800, 1600, 3000, 3000, 3000};
      for (int i = 0; i < millis.length; i++) {
        assertWaited(gap(failed, i + 1), Duration.ofMillis(millis[i]));
      }

      simulator.mode("normal");
      int before = simulator.requests();
      awaitServed(simulator, before + 4);
      List<Served> served = simulator.served();
      assertWaited(gap(served, before), Duration.ofSeconds(3));
      for (int i = before + 1; i < before + 4; i++) {
        assertWaited(gap(served, i), Duration.ofMillis(200));
      }
      assertThat(service.scrape().value("feed_fetches_total", "outcome", "success")).isEqualTo(1);
    }
  }

  @Test
  void whatTheUpstreamTellsToWaitIsWaited() {
    waitAsTold("limited");
  }

  @Test
  @Tag("full")
  void whatAnUpstreamThatIsAwayTellsToWaitIsWaited() {
    waitAsTold("unavailable");
  }

  private void waitAsTold(String mode) {
    try (Simulator simulator =
            Simulator.start("SIMULATOR_MODE", mode, "SIMULATOR_RETRY_AFTER", "4s");
        ServiceProcess service = service(simulator, "FEED_QUOTA", "5", "FEED_QUOTA_WINDOW", "1s")) {
      awaitServed(simulator, 3);

      for (int i = 1; i < 3; i++) {
        assertWaited(gap(simulator.served(), i), Duration.ofSeconds(4));
      }
      assertThat(service.send("GET", "/ready/feed").body()).contains("never fetched");
    }
  }

  @Test
  void noUpstreamCanTellToWaitForLongerThanTheLimit() {
    waitNoLongerThanTheLimit("unavailable");
  }

  @Test
  @Tag("full")
  void noUpstreamThatLimitsCanTellToWaitForLongerThanTheLimit() {
    waitNoLongerThanTheLimit("limited");
  }

  private void waitNoLongerThanTheLimit(String mode) {
    try (Simulator simulator =
            Simulator.start("SIMULATOR_MODE", mode, "SIMULATOR_RETRY_AFTER", "24h");
        ServiceProcess service =
            service(
                simulator,
                "FEED_QUOTA",
                "5",
                "FEED_QUOTA_WINDOW",
                "1s",
                "FEED_MAX_BACKOFF",
                "2s")) {
      awaitServed(simulator, 4);

      for (int i = 1; i < 4; i++) {
        assertWaited(gap(simulator.served(), i), Duration.ofSeconds(2));
      }
      assertThat(service.send("GET", "/ready/feed").body()).contains("never fetched");
    }
  }
}
