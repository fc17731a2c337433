package dev.storageapi.feed;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How often to fetch: as often as the quota allows and not more. Waits are made longer at random,
 * by up to a tenth, so that many services do not knock at once; never shorter, that would cost more
 * than the quota.
 *
 * @param quota the fetches that are allowed in a window
 * @param window how long the quota is for
 * @param longest the longest wait between two fetches
 */
public record Pace(int quota, Duration window, Duration longest) {

  private static final int MOST_DOUBLINGS = 20;

  /** The time between two fetches when all is well. */
  public Duration interval() {
    return window.dividedBy(quota);
  }

  /** How long to wait behind a fetch that went well. */
  Duration next(RandomGenerator random) {
    return jittered(interval(), random);
  }

  /**
   * How long to wait behind a fetch that failed: twice as long with each failure in a row, and as
   * long as the upstream says, within {@code longest}.
   *
   * @param failures how many have failed in a row, this one included
   * @param retryAfter what the upstream said, if anything
   */
  Duration next(int failures, Optional<Duration> retryAfter, RandomGenerator random) {
    Duration backoff = interval().multipliedBy(1L << Math.min(failures, MOST_DOUBLINGS));
    Duration wait = retryAfter.filter(told -> told.compareTo(backoff) > 0).orElse(backoff);
    return jittered(wait.compareTo(most()) < 0 ? wait : most(), random);
  }

  private Duration most() {
    return longest.compareTo(interval()) < 0 ? interval() : longest;
  }

  /**
   * Whether the next fetch can be due so late. What cannot was said under other settings, or by a
   * clock that was ahead.
   */
  boolean allows(Instant next, Instant now) {
    return !next.isAfter(now.plus(most()).plus(most().dividedBy(10)));
  }

  private static Duration jittered(Duration wait, RandomGenerator random) {
    return wait.plusNanos((long) (wait.toNanos() * 0.1 * random.nextDouble()));
  }
}
