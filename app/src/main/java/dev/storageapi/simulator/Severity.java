package dev.storageapi.simulator;

import java.util.Locale;

/** How bad an alert is, by its label {@code severity}; the worst comes first. */
enum Severity {
  /** Somebody has to look at once. */
  PAGE,
  /** Somebody has to look in the next days. */
  TICKET,
  /** Any other. */
  OTHER;

  static Severity of(Alert alert) {
    return switch (alert.severity()) {
      case "page", "critical" -> PAGE;
      case "ticket", "warning" -> TICKET;
      default -> OTHER;
    };
  }

  /** In lower case. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
