package dev.storageapi.simulator;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** How {@code /documents} answers: well, or with one of the failures that an upstream can have. */
public enum Mode {
  /** The documents, at once. */
  NORMAL,
  /** The documents, head and all, after the delay. */
  SLOW,
  /** The head at once, then a byte now and then; what is left when the delay is over, at once. */
  TRICKLE,
  /** 500. */
  FAILING,
  /** 503 with {@code Retry-After}. */
  UNAVAILABLE,
  /** 429 with {@code Retry-After}, whatever is left of the quota. */
  LIMITED,
  /** 200 and said to be JSON, but it is not. */
  GARBAGE,
  /** 200 and JSON, but without documents. */
  WRONG,
  /** 200 and JSON, of 100 000 levels. */
  DEEP,
  /** 200 and JSON, of gigabytes. */
  HUGE,
  /** 200, and the connection is closed half-way. */
  TRUNCATED,
  /** 302 to a cloud's metadata service, which only the inside of a network should reach. */
  REDIRECT_INSIDE,
  /** 302 to a file of the client's machine. */
  REDIRECT_FILE,
  /** 302 to itself. */
  REDIRECT_LOOP,
  /** 302 to where the documents are: the redirect that should be followed. */
  MOVED;

  /** The name in paths, settings and answers: in lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The mode of that label, if there is one. */
  static Optional<Mode> of(String label) {
    return Stream.of(values()).filter(mode -> mode.label().equals(label)).findFirst();
  }

  /** All labels, in the order of declaration. */
  static List<String> labels() {
    return Stream.of(values()).map(Mode::label).toList();
  }
}
