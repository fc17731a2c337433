package dev.storageapi.feed;

import java.time.Instant;

/**
 * How far the fetches of a source have come: one row, which all replicas share. Each part but
 * {@code failures} is null as long as it is not known.
 *
 * @param validators of the last answer whose items were stored
 * @param mapping the settings that made those items, under a name
 * @param lastAttempt when the last fetch began
 * @param lastSuccess when the upstream last had items, or said that there are no new ones
 * @param nextFetch before then nobody fetches
 * @param failures how many fetches have failed since the last success
 * @param quotaRemaining what the last answer said of the quota; null if it said nothing, or if none
 *     came: what was left before that is no longer true
 */
record Progress(
    Validators validators,
    String mapping,
    Instant lastAttempt,
    Instant lastSuccess,
    Instant nextFetch,
    int failures,
    Long quotaRemaining) {

  /** Nothing was ever fetched. */
  static final Progress NONE = new Progress(Validators.NONE, null, null, null, null, 0, null);

  /** What to send with the next request: nothing, if other settings would make other items. */
  Validators validators(String settings) {
    return settings.equals(mapping) ? validators : Validators.NONE;
  }

  /** A fetch begins, which may never end: until {@code next} nobody tries again. */
  Progress attempted(Instant now, Instant next) {
    return new Progress(validators, mapping, now, lastSuccess, next, failures, quotaRemaining);
  }

  /** The upstream answered as it should. */
  Progress succeeded(Instant now, Validators fresh, String settings, Long quota, Instant next) {
    return new Progress(fresh, settings, lastAttempt, now, next, 0, quota);
  }

  /** It did not. */
  Progress failed(Long quota, Instant next) {
    return new Progress(validators, mapping, lastAttempt, lastSuccess, next, failures + 1, quota);
  }
}
