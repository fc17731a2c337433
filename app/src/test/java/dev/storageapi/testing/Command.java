package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.List;

/**
 * A program of the system that has ended.
 *
 * @param exitCode its exit code; 127 if there is no such program
 * @param output what it wrote, standard error included
 */
record Command(int exitCode, String output) {

  private static final int NOT_FOUND = 127; // as shells have it

  /** Runs a program and waits for its end, for as long as that takes. */
  static Command run(List<String> words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
      return new Command(process.waitFor(), output);
    } catch (IOException e) {
      return new Command(NOT_FOUND, e.toString());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs a program and waits for its end, for as long as that takes. */
  static Command run(String... words) {
    return run(List.of(words));
  }

  boolean succeeded() {
    return exitCode == 0;
  }

  /**
   * Fails the test, with the output, unless it succeeded.
   *
   * @throws AssertionError if the exit code is not 0
   */
  void orFail() {
    if (!succeeded()) {
      throw new AssertionError("exit code " + exitCode + ": " + output);
    }
  }
}
