package dev.storageapi;

import dev.storageapi.simulator.Mode;
import java.time.Duration;

/** The simulator's documents, its quota and its failures. */
record SimulatorConfig(
    int port,
    Mode mode,
    int quota,
    int documents,
    Duration period,
    Duration delay,
    long hugeBytes,
    Duration retryAfter) {

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
            "What unavailable and limited tell to wait"));
  }

  /** Adds what single settings do not show, where there is a simulator. */
  void check(Settings settings, Duration responseTimeout) {
    if (delay.compareTo(responseTimeout) >= 0) {
      settings.problem("SIMULATOR_DELAY is not less than SERVER_RESPONSE_TIMEOUT");
    }
  }
}
