package dev.storageapi.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How long to wait, to the nanosecond, with the least and the most that chance can add. */
class PaceTest {

  /** Its {@code nextDouble} is 0. */
  private static final RandomGenerator LEAST = () -> 0;

  /** Its {@code nextDouble} is as near to 1 as there is. */
  private static final RandomGenerator MOST = () -> -1;

  private static final Duration NANO = Duration.ofNanos(1);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

  /** One a minute, and never longer than an hour. */
  private static final Pace PACE = new Pace(60, Duration.ofHours(1), Duration.ofHours(1));

  private static Duration seconds(long number) {
    return Duration.ofSeconds(number);
  }

  private static Optional<Duration> told(long seconds) {
    return Optional.of(seconds(seconds));
  }

  private static Duration behind(Pace pace, int failures) {
    return pace.next(failures, Optional.empty(), LEAST);
  }

  @ParameterizedTest
  @CsvSource({
    "60, PT1H, PT1M",
    "1, PT1H, PT1H",
    "1, PT500H, PT500H",
    "10, PT1S, PT0.1S",
    "3, PT1S, PT0.333333333S",
    "1000000, PT500H, PT1.8S"
  })
  void theIntervalIsTheWindowByTheQuota(int quota, Duration window, Duration interval) {
    Pace pace = new Pace(quota, window, Duration.ofHours(1));

    assertThat(pace.interval()).isEqualTo(interval);
    assertThat(pace.next(LEAST)).isEqualTo(interval);
  }

  @Test
  void aWaitIsLongerByUpToATenthAndNeverShorter() {
    assertThat(PACE.next(LEAST)).isEqualTo(MINUTE);
    assertThat(PACE.next(MOST)).isBetween(seconds(66).minus(NANO), seconds(66));
    assertThat(PACE.next(2, Optional.empty(), MOST))
        .isBetween(seconds(264).minus(NANO), seconds(264));
    assertThat(PACE.next(1, told(600), MOST)).isBetween(seconds(660).minus(NANO), seconds(660));
    assertThat(PACE.next(9, told(9_999), MOST)).isBetween(seconds(3960).minus(NANO), seconds(3960));
  }

  @Test
  void aWaitDoublesWithEachFailureUpToTheLongest() {
    int[] minutes = {2, 4, 8, 16, 32, 60, 60, 60};
    for (int i = 0; i < minutes.length; i++) {
      assertThat(behind(PACE, i + 1)).isEqualTo(Duration.ofMinutes(minutes[i]));
    }
  }

  @Test
  void itNoLongerDoublesWhereItCouldOverflow() {
    Pace patient = new Pace(1, seconds(1), Duration.ofDays(1000));

    assertThat(behind(patient, 19)).isEqualTo(seconds(1 << 19));
    for (int failures : new int[] {20, 21, 63, 64, 65, Integer.MAX_VALUE}) {
      assertThat(behind(patient, failures)).as("%d", failures).isEqualTo(seconds(1 << 20));
    }
  }

  @Test
  void theLongestTimesThatCanBeSetDoNotOverflow() {
    Duration most = Duration.ofHours(500);
    Pace slow = new Pace(1, most, most);

    for (int failures : new int[] {1, 20, Integer.MAX_VALUE}) {
      assertThat(slow.next(failures, told(Integer.MAX_VALUE), MOST))
          .isBetween(most, most.plus(most.dividedBy(10)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1S", "PT59.999S", "PT1M"})
  void aLongestWaitBelowTheIntervalIsTheInterval(Duration longest) {
    Pace pace = new Pace(60, Duration.ofHours(1), longest);

    assertThat(pace.next(LEAST)).isEqualTo(MINUTE);
    for (int failures : new int[] {1, 2, 20, 1000}) {
      assertThat(behind(pace, failures)).isEqualTo(MINUTE);
      assertThat(pace.next(failures, told(3600), LEAST)).isEqualTo(MINUTE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, PT2M",
    "1, PT2M",
    "119, PT2M",
    "120, PT2M", // not before the backoff is over
    "121, PT2M1S",
    "3599, PT59M59S",
    "3600, PT1H", // as it says
    "3601, PT1H",
    "86400, PT1H",
    "2147483647, PT1H" // no upstream can stop the feed
  })
  void whatTheUpstreamSaysIsWaitedBetweenTheBackoffAndTheLongest(long told, Duration wait) {
    assertThat(PACE.next(1, told(told), LEAST)).isEqualTo(wait);
  }

  @Test
  void aWaitOfCenturiesIsCapped() {
    assertThat(PACE.next(1, Optional.of(Duration.ofSeconds(Long.MAX_VALUE)), LEAST))
        .isEqualTo(Duration.ofHours(1));
  }

  /** Whatever a wait was, with all that chance added, must be believed. */
  @Test
  void whatIsDueNoLaterThanTheLongestWaitAndItsTenthIsAllowed() {
    Instant last = NOW.plus(Duration.ofMinutes(66));

    assertThat(PACE.allows(last, NOW)).isTrue();
    assertThat(PACE.allows(last.plus(NANO), NOW)).isFalse();
    assertThat(PACE.allows(NOW.minusSeconds(1), NOW)).isTrue();
    assertThat(PACE.allows(NOW.plus(PACE.next(99, told(99_999), MOST)), NOW)).isTrue();
  }

  @Test
  void anIntervalAboveTheLongestWaitIsAllowedAsWell() {
    Pace pace = new Pace(60, Duration.ofHours(1), seconds(1));

    assertThat(pace.allows(NOW.plus(pace.next(MOST)), NOW)).isTrue();
    assertThat(pace.allows(NOW.plusSeconds(66), NOW)).isTrue();
    assertThat(pace.allows(NOW.plusSeconds(66).plus(NANO), NOW)).isFalse();
  }
}
