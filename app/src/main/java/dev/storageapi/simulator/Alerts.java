package dev.storageapi.simulator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The newest state of so many alerts, by fingerprint, in memory. Where there is no room for another
 * one, that goes which was told longest ago: of the resolved ones, as long as there are any. Room
 * is also bounded by what they take together, so that few large ones cannot be as bad as many. The
 * watchdog is kept apart. Safe for use by many threads.
 */
final class Alerts {

  private static final Comparator<Alert> NEWEST_RESOLVED =
      Comparator.comparing((Alert alert) -> alert.endsAt().orElse(Instant.EPOCH)).reversed();

  private static final Comparator<Alert> WORST_AND_NEWEST =
      Comparator.comparing((Alert alert) -> Severity.of(alert))
          .thenComparing(Alert::startsAt, Comparator.reverseOrder());

  /** The room of an alert if all are of one size: those of the stack's own rules take less. */
  private static final int AVERAGE = 2048;

  private final int max;
  private final long room;
  private final Map<String, Alert> alerts = new LinkedHashMap<>(); // as they were told
  private long taken;
  private Optional<Alert> watchdog = Optional.empty();

  /**
   * All of it at one moment.
   *
   * @param firing the worst first, then the newest
   * @param resolved what was resolved last comes first
   */
  record State(List<Alert> firing, List<Alert> resolved, Optional<Alert> watchdog) {}

  Alerts(int max) {
    this.max = max;
    this.room = Math.max((long) max * AVERAGE, Notification.MAX_CHARACTERS);
  }

  /** Takes what a notification says. */
  synchronized void take(List<Alert> told) {
    for (Alert alert : told) {
      if (alert.isWatchdog()) {
        watchdog = Optional.of(alert);
      } else {
        forget(alert.fingerprint());
        alerts.put(alert.fingerprint(), alert);
        taken += alert.size();
        while (alerts.size() > max || taken > room) {
          forget(least().fingerprint());
        }
      }
    }
  }

  private void forget(String fingerprint) {
    Alert gone = alerts.remove(fingerprint);
    taken -= gone == null ? 0 : gone.size();
  }

  private Alert least() {
    return alerts.values().stream()
        .filter(alert -> !alert.isFiring())
        .findFirst()
        .orElseGet(() -> alerts.values().iterator().next());
  }

  synchronized State state() {
    List<Alert> firing = new ArrayList<>();
    List<Alert> resolved = new ArrayList<>();
    alerts.values().forEach(alert -> (alert.isFiring() ? firing : resolved).add(alert));
    firing.sort(WORST_AND_NEWEST);
    resolved.sort(NEWEST_RESOLVED);
    return new State(firing, resolved, watchdog);
  }
}
