package dev.storageapi.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * So many requests in one hour. The hour begins with its first request; the first request after it
 * begins the next. Safe for use by many threads.
 */
public final class Quota {

  private static final Duration WINDOW = Duration.ofHours(1);
  private static final int ALMOST_A_SECOND = 999_999_999;

  private final int limit;
  private final Clock clock;
  private Instant end = Instant.EPOCH;
  private int taken;

  /**
   * The quota at one moment.
   *
   * @param granted whether the request that asked may be served
   * @param remaining how many more there may be in this hour
   * @param reset when the hour ends, or would end if it began now
   * @param left the time until then
   */
  record State(boolean granted, int limit, int remaining, Instant reset, Duration left) {

    /** The time until the hour ends, in seconds, rounded up so that it suffices to wait. */
    long secondsLeft() {
      return seconds(left);
    }

    /** When the hour ends, in seconds since 1970, rounded up. */
    long resetSeconds() {
      return reset.plusNanos(ALMOST_A_SECOND).getEpochSecond();
    }
  }

  /** A quota of {@code limit} requests. */
  public Quota(int limit, Clock clock) {
    this.limit = limit;
    this.clock = clock;
  }

  /** Takes one request from the quota, if there is one left. */
  synchronized State take() {
    Instant now = clock.instant();
    if (!now.isBefore(end)) {
      end = now.plus(WINDOW);
      taken = 0;
    }
    boolean granted = taken < limit;
    taken += granted ? 1 : 0;
    return state(granted, now);
  }

  /** Takes nothing. */
  synchronized State look() {
    Instant now = clock.instant();
    return now.isBefore(end)
        ? state(true, now)
        : new State(true, limit, limit, now.plus(WINDOW), WINDOW);
  }

  private State state(boolean granted, Instant now) {
    return new State(granted, limit, limit - taken, end, Duration.between(now, end));
  }

  /** A time in whole seconds, rounded up. */
  static long seconds(Duration time) {
    return time.plusNanos(ALMOST_A_SECOND).toSeconds();
  }
}
