package dev.storageapi;

import java.util.List;

/** The settings cannot be used. Names every problem, one a line. */
final class InvalidConfiguration extends RuntimeException {

  private static final long serialVersionUID = 1L;

  InvalidConfiguration(List<String> problems) {
    super(String.join("\n", problems));
  }
}
