package dev.storageapi.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * The state of an alert, as Alertmanager told it last.
 *
 * @param fingerprint the same for the same labels
 * @param endsAt when it was resolved; empty while it fires
 * @param generatorUrl the query behind it, or empty
 * @param receivedAt when it was told
 */
record Alert(
    String fingerprint,
    Map<String, String> labels,
    Map<String, String> annotations,
    Instant startsAt,
    Optional<Instant> endsAt,
    String generatorUrl,
    Instant receivedAt) {

  /** The alert that always fires: when it is silent, the monitoring is broken. */
  private static final String WATCHDOG = "Watchdog";

  /** What a label or an annotation takes besides its characters, in memory and on the page. */
  private static final int PAIR = 64;

  String name() {
    return labels.getOrDefault("alertname", "an alert without a name");
  }

  String severity() {
    return labels.getOrDefault("severity", "");
  }

  String annotation(String name) {
    return annotations.getOrDefault(name, "");
  }

  boolean isFiring() {
    return endsAt.isEmpty();
  }

  boolean isWatchdog() {
    return name().equals(WATCHDOG);
  }

  /** What it takes, in characters. */
  int size() {
    return fingerprint.length() + generatorUrl.length() + size(labels) + size(annotations);
  }

  private static int size(Map<String, String> texts) {
    return texts.entrySet().stream()
        .mapToInt(e -> e.getKey().length() + e.getValue().length() + PAIR)
        .sum();
  }

  /** How long ago that was, and never less than nothing: clocks differ. */
  static Duration since(Instant then, Instant now) {
    return then.isBefore(now) ? Duration.between(then, now) : Duration.ZERO;
  }
}
