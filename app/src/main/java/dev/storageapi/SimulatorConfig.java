package dev.storageapi;

import dev.storageapi.simulator.Mode;
import java.time.Duration;

/**
 * The simulator's documents, its quota and its failures, and the alerts that it is told of.
 *
 * @param watchdogSilence after what time without a word of the watchdog something is wrong
 */
record SimulatorConfig(
    int port,
    Mode mode,
    int quota,
    int documents,
    Duration period,
    Duration delay,
    long hugeBytes,
    Duration retryAfter,
    int maxAlerts,
    long maxNotificationBytes,
    Duration watchdogSilence) {

  static SimulatorConfig read(Settings settings) {
    return new SimulatorConfig(
        settings.number(
            "SIMULATOR_PORT",
            5050,
            0,
            65535,
            "The port that the simulator listens on; 0 takes a free one"),
        settings.choice(
            "SIMULATOR_MODE", Mode.NORMAL, "How /documents answers until PUT /mode says otherwise"),
        settings.number(
            "SIMULATOR_QUOTA", 60, 1, 1_000_000, "Requests an hour; one more is answered 429"),
        settings.number("SIMULATOR_DOCUMENTS", 50, 1, 1000, "The documents of an answer"),
        settings.duration(
            "SIMULATOR_PERIOD", "60s", Duration.ofSeconds(1), "How often there is a new document"),
        settings.duration(
            "SIMULATOR_DELAY",
            "20s",
            Duration.ZERO,
            "How long slow and trickle take; less than SERVER_RESPONSE_TIMEOUT"),
        settings.size("SIMULATOR_HUGE_BYTES", "5GiB", 1 << 20, "How long an answer of huge gets"),
        settings.duration(
            "SIMULATOR_RETRY_AFTER",
            "30s",
            Duration.ofSeconds(1),
            "What unavailable and limited tell to wait"),
        settings.number(
            "SIMULATOR_MAX_ALERTS",
            200,
            1,
            2000,
            "The alerts remembered; beyond them the oldest resolved ones go first"),
        settings.size(
            "SIMULATOR_MAX_NOTIFICATION_BYTES",
            "256KiB",
            1024,
            "A larger notification of Alertmanager is answered 413"),
        settings.duration(
            "SIMULATOR_WATCHDOG_SILENCE",
            "5m",
            Duration.ofSeconds(1),
            "How long Watchdog may be silent before the page of the alerts says so"));
  }

  /** Adds what single settings do not show, where there is a simulator. */
  void check(Settings settings, ServerConfig server) {
    if (delay.compareTo(server.responseTimeout()) >= 0) {
      settings.problem("SIMULATOR_DELAY is not less than SERVER_RESPONSE_TIMEOUT");
    }
    if (maxNotificationBytes > server.uploadBudgetBytes()) {
      settings.problem("SIMULATOR_MAX_NOTIFICATION_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
  }
}
