package dev.storageapi.feed;

import java.util.Locale;

/** What became of a fetch: a closed set, it is the label of {@code feed_fetches_total}. */
enum Outcome {
  /** The items came, and are stored. */
  SUCCESS,
  /** The upstream has nothing new: 304 to a conditional request. */
  NOT_MODIFIED,
  /** The upstream said that it is asked too often: 429. */
  RATE_LIMITED,
  /** The upstream answered with another status, broke off, or did not speak HTTP. */
  UPSTREAM_ERROR,
  /**
   * No connection: no address, nobody there, no TLS, or not within the time to connect to a host.
   */
  UNREACHABLE,
  /** Lookups, connections, redirects, head and body took longer than the time for all of them. */
  TIMEOUT,
  /** More bytes or more items than the limits. */
  TOO_LARGE,
  /** The body is no JSON, is encoded, or is not as the pointers say. */
  INVALID,
  /** The URL, or one that it redirects to, is against {@link AddressRules}. */
  REFUSED,
  /** The answer came, 200 or 304, and the database did not take what it said. */
  DATABASE_ERROR;

  /** The label's value, in lower case. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
