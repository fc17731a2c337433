package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FeedStatus;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row 25: several processes on one PostgreSQL, and one upstream that counts. */
@Tag("ci")
class FeedReplicasIT {

  /** To the microsecond, as databases keep times. */
  private static final Duration ROUNDING = Duration.ofNanos(1_000);

  private static final Pattern NEXT_FETCH =
      Pattern.compile(" msg=\"fetched\" .* next_fetch=(\\S+)");

  /** Four heartbeats of 5 s are missed, and it is looked for the dead every 10 s. */
  private static final Duration TAKEOVER = Duration.ofSeconds(30);

  private static final Duration LATE = Duration.ofSeconds(5);

  private final List<ServiceProcess> replicas = new ArrayList<>();

  /** The dead ones as well. */
  private final List<ServiceProcess> all = new ArrayList<>();

  private String database;

  @BeforeEach
  void empty() {
    database = PostgresCluster.shared().freshDatabase();
  }

  @AfterEach
  void close() {
    all.forEach(ServiceProcess::close);
  }

  private ServiceProcess replica(Simulator simulator, Duration interval) {
    ServiceProcess replica =
        ServiceProcess.with(
                simulator.feed(
                    database,
                    "FEED_QUOTA",
                    "5",
                    "FEED_QUOTA_WINDOW",
                    interval.multipliedBy(5).toSeconds() + "s",
                    "FEED_TIMEOUT",
                    "25s"))
            .start();
    replicas.add(replica);
    all.add(replica);
    return replica;
  }

  private static void awaitRequests(Simulator simulator, int count, Duration patience) {
    await()
        .atMost(patience)
        .untilAsserted(() -> assertThat(simulator.requests()).isGreaterThanOrEqualTo(count));
  }

  /**
   * Whoever fetches says when the next is due, at least an interval after its own began; nobody
   * begins before. So what they say is an interval apart, to the rounding. All is told but a fetch
   * within which a replica was killed; that one the upstream has counted.
   */
  private void assertNeverTwoInOneInterval(Simulator simulator, Instant start, Duration interval) {
    List<Instant> told =
        all.stream()
            .flatMap(one -> one.lines().stream())
            .map(NEXT_FETCH::matcher)
            .filter(Matcher::find)
            .map(line -> Instant.parse(line.group(1)))
            .sorted()
            .toList();
    assertThat(told).hasSizeGreaterThan(5);
    for (int i = 1; i < told.size(); i++) {
      assertThat(Duration.between(told.get(i - 1), told.get(i)))
          .as("to fetch %d", i)
          .isGreaterThanOrEqualTo(interval.minus(ROUNDING));
    }
    long intervals = Duration.between(start, Instant.now()).dividedBy(interval);
    assertThat((long) simulator.requests()).isLessThanOrEqualTo(intervals + 1);
  }

  @Test
  void twoAndThenThreeMakeOneFetchAnIntervalAndServeTheSame() {
    Duration interval = Duration.ofSeconds(2);
    try (Simulator simulator = Simulator.start()) {
      Instant start = Instant.now();
      replica(simulator, interval);
      replica(simulator, interval);
      assertOneFetchAnInterval(simulator, interval);
      replica(simulator, interval);
      assertOneFetchAnInterval(simulator, interval);

      assertNeverTwoInOneInterval(simulator, start, interval);
      double counted =
          replicas.stream().mapToDouble(one -> one.scrape().sum("feed_fetches_total")).sum();
      assertThat(counted).isBetween(simulator.requests() - 2.0, simulator.requests() + 1.0);
      assertThat(replicas).allMatch(ServiceProcess::isAlive);
    }
  }

  private void assertOneFetchAnInterval(Simulator simulator, Duration interval) {
    awaitRequests(simulator, simulator.requests() + 1, TAKEOVER);
    Instant start = Instant.now();
    int before = simulator.requests();
    awaitRequests(simulator, before + 6, Duration.ofSeconds(60));
    int asked = simulator.requests() - before;
    double intervals =
        Duration.between(start, Instant.now()).toNanos() / (double) interval.toNanos();

    assertThat((double) asked).isBetween(0.75 * intervals, intervals + 1);
    assertAllServeTheSame();
  }

  private void assertAllServeTheSame() {
    await()
        .untilAsserted( // a fetch may come between
            () -> {
              assertThat(answers("/feed/items").map(HttpResponse::body).collect(Collectors.toSet()))
                  .hasSize(1)
                  .noneMatch("[]\n"::equals);
              assertThat(replicas.stream().map(FeedStatus::of).map(FeedStatus::lastSuccess))
                  .containsOnly(FeedStatus.of(replicas.get(0)).lastSuccess());
            });
    await() // each looks once a second
        .untilAsserted(
            () ->
                assertThat(answers("/feed/items").map(one -> one.headers().firstValue("Age")))
                    .allSatisfy(
                        age ->
                            assertThat(age.map(Long::parseLong))
                                .hasValueSatisfying(n -> assertThat(n).isBetween(0L, 5L))));
  }

  private Stream<HttpResponse<String>> answers(String path) {
    return replicas.stream().map(one -> one.send("GET", path));
  }

  @Test
  void whatADeadOneHadBegunIsTakenOverWhenItIsDue() {
    takeOver("slow", Duration.ofSeconds(15));
  }

  @ParameterizedTest
  @Tag("full")
  @CsvSource({"slow, 2", "trickle, 2", "trickle, 15", "slow, 60", "trickle, 60"})
  void whatADeadOneHadBegunIsTakenOverAtAnyInterval(String mode, int seconds) {
    takeOver(mode, Duration.ofSeconds(seconds));
  }

  private void takeOver(String mode, Duration interval) {
    try (Simulator simulator = Simulator.start("SIMULATOR_MODE", mode, "SIMULATOR_DELAY", "20s")) {
      ServiceProcess first = replica(simulator, interval);
      awaitRequests(simulator, 1, TAKEOVER); // it has to find its database first
      Instant begun = FeedStatus.of(first).lastAttempt().orElseThrow();
      ServiceProcess second = replica(simulator, interval);

      first.kill();
      first.exitCode();
      replicas.remove(first);
      simulator.mode("normal");
      Duration longest = interval.compareTo(TAKEOVER) < 0 ? TAKEOVER : interval;
      Duration patience = longest.plus(longest.dividedBy(10)).plus(LATE);
      awaitRequests(simulator, 2, patience);

      await().until(() -> FeedStatus.of(second).lastSuccess().isPresent());
      FeedStatus status = FeedStatus.of(second);
      await().untilAsserted(() -> assertThat(FeedStatus.of(second).items()).isBetween(50, 51));
      assertThat(Duration.between(begun, status.lastAttempt().orElseThrow()))
          .isBetween(interval, patience);
      double fetches = second.scrape().sum("feed_fetches_total");
      Duration since = Duration.between(status.lastAttempt().orElseThrow(), Instant.now());
      assertThat(fetches).isBetween(1.0, 1.0 + since.dividedBy(interval)); // as many as are due
      assertThat(second.lines()).noneMatch(line -> line.contains(" lvl=[ERROR] "));
    }
  }

  @Test
  @Tag("full")
  void someAreKilledAtAnyMomentAndOthersGoOn() {
    Duration interval = Duration.ofSeconds(2);
    try (Simulator simulator = Simulator.start()) {
      Instant start = Instant.now();
      replica(simulator, interval);
      awaitRequests(simulator, 2, TAKEOVER);
      for (int round = 0; round < 5; round++) {
        replica(simulator, interval);
        ServiceProcess oldest = replicas.remove(0);
        oldest.kill();
        oldest.exitCode();
        int before = simulator.requests();
        awaitRequests(simulator, before + 2, TAKEOVER.plus(LATE));
        assertAllServeTheSame();
      }
      assertNeverTwoInOneInterval(simulator, start, interval);
    }
  }
}
