package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FeedStatus;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row 24: an upstream with every failure that the simulator has, and what is left of the feed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FeedFaultsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Simulator simulator;
  private ServiceProcess service;

  @BeforeAll
  void open(@TempDir Path folder) {
    simulator = Simulator.start("SIMULATOR_DELAY", "15s", "SIMULATOR_RETRY_AFTER", "3600s");
    service =
        ServiceProcess.with(
                simulator.feed(
                    "jdbc:h2:file:" + folder.resolve("storage"),
                    "FEED_QUOTA",
                    "5",
                    "FEED_QUOTA_WINDOW",
                    "1s",
                    "FEED_MAX_BACKOFF",
                    "1s",
                    "FEED_TIMEOUT",
                    "1s",
                    "FEED_CONNECT_TIMEOUT",
                    "1s"))
            .start();
    await().atMost(PATIENCE).until(() -> fetches("not_modified") > 0);
  }

  @AfterAll
  void close() {
    service.close();
    simulator.close();
  }

  private double fetches(String outcome) {
    return service.scrape().value("feed_fetches_total", "outcome", outcome);
  }

  /** Fetches that went well, and those that did not. */
  private double[] fetches() {
    Scrape scrape = service.scrape();
    double fine =
        scrape.value("feed_fetches_total", "outcome", "success")
            + scrape.value("feed_fetches_total", "outcome", "not_modified");
    return new double[] {fine, scrape.sum("feed_fetches_total") - fine};
  }

  private List<String> lines(String level) {
    return service.lines().stream().filter(line -> line.contains(" lvl=[" + level + "] ")).toList();
  }

  @ParameterizedTest
  @Tag("ci")
  @CsvSource({
    "slow, timeout",
    "failing, upstream_error",
    "limited, rate_limited",
    "wrong, invalid",
    "huge, too_large",
    "redirect_inside, refused",
  })
  void whateverFailsTheItemsStayAndTheAgeGrows(String mode, String outcome) {
    failAndRecover(mode, outcome);
  }

  @ParameterizedTest
  @Tag("full")
  @CsvSource({
    "trickle, timeout",
    "unavailable, upstream_error",
    "deep, invalid",
    "truncated, upstream_error",
    "redirect_file, refused",
    "redirect_loop, refused",
  })
  void howeverItFailsTheItemsStayAndTheAgeGrows(String mode, String outcome) {
    failAndRecover(mode, outcome);
  }

  @Test
  void garbageLeavesTheItemsAsTheyAre() {
    failAndRecover("garbage", "invalid");
  }

  private void failAndRecover(String mode, String outcome) {
    String items = service.send("GET", "/feed/items").body();
    double others = fetches()[1] - fetches(outcome); // the first fetch may be too slow
    simulator.mode(mode);
    double before = fetches(outcome);
    await().atMost(PATIENCE).until(() -> fetches(outcome) >= before + 1);
    FeedStatus first = FeedStatus.of(service);
    await().atMost(PATIENCE).until(() -> fetches(outcome) >= before + 3);
    FeedStatus second = FeedStatus.of(service);

    assertThat(service.send("GET", "/feed/items").body()).isEqualTo(items);
    assertThat(second.lastSuccess()).isEqualTo(first.lastSuccess()).isPresent();
    assertThat(second.lastAttempt()).isPresent().isNotEqualTo(first.lastAttempt());
    assertThat(second.ageSeconds()).isGreaterThan(first.ageSeconds() + 1);
    assertThat(service.send("GET", "/ready/feed").statusCode()).isEqualTo(200);
    assertEachFailureIsOneWarning(outcome, others);

    simulator.mode("normal");
    double fine = fetches()[0];
    await().atMost(PATIENCE).until(() -> fetches()[0] >= fine + 3);
    assertThat(FeedStatus.of(service).ageSeconds()).isLessThan(second.ageSeconds());
    assertThat(service.send("GET", "/feed/items").body()).isEqualTo(items);
    await() // it is looked at once a second
        .until(() -> !service.send("GET", "/ready/feed").body().contains("failures"));
    assertEachFailureIsOneWarning(outcome, others);
  }

  /** Counted under one outcome, logged once, and nothing of it is a fault of ours. */
  private void assertEachFailureIsOneWarning(String outcome, double others) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              double failures = fetches(outcome);
              List<String> warnings = lines("WARN");
              assertThat(fetches()[1]).isEqualTo(failures + others);
              assertThat(warnings.size()).isEqualTo((int) (failures + others));
              assertThat(warnings)
                  .allMatch(line -> line.contains("the fetch failed, the items stay"))
                  .filteredOn(line -> line.contains(" outcome=" + outcome + " "))
                  .hasSize((int) failures);
            });
    assertThat(lines("ERROR")).isEmpty();
    assertThat(service.errors()).isEmpty();
  }

  @Test
  void aRedirectToTheDocumentsIsFollowed() {
    double[] before = fetches();
    simulator.mode("moved");

    await().atMost(PATIENCE).until(() -> fetches()[0] >= before[0] + 3);

    assertThat(fetches()[1]).isEqualTo(before[1]);
  }
}
