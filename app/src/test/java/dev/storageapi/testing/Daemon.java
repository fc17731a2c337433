package dev.storageapi.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A server program as a process, which can be stopped, killed and frozen, with all that it started
 * in turn. What it writes is appended to a file. Not for several threads at once.
 */
final class Daemon {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Process process;
  private final Path log;

  private Daemon(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one, and comes back when it is ready.
   *
   * @param folder in which it works
   * @param isReady asked again and again
   * @throws AssertionError with what it wrote, if it ends or is not ready in time
   */
  static Daemon start(List<String> words, Path folder, Path log, BooleanSupplier isReady) {
    Daemon daemon = launch(words, folder, log);
    try {
      await()
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> !daemon.isAlive() || isReady.getAsBoolean());
      if (!daemon.isAlive()) {
        throw new AssertionError(words.get(0) + " did not start: " + daemon.log());
      }
      return daemon;
    } catch (RuntimeException | Error e) {
      daemon.kill();
      throw e;
    }
  }

  private static Daemon launch(List<String> words, Path folder, Path log) {
    try {
      return new Daemon(
          new ProcessBuilder(words)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start(),
          log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Asks it to end by a signal such as {@code TERM}, also where it is frozen; whether it does. */
  boolean ends(String signal) {
    thaw(); // or else it would not hear
    tree().signalRoot(signal);
    return ends();
  }

  /** Ends it in order, by a signal. */
  void stop(String signal) {
    if (!ends(signal)) {
      throw new AssertionError("it did not stop: " + log());
    }
  }

  /** Ends it at once (SIGKILL), whatever its state. */
  void kill() {
    tree().kill();
    if (!ends()) {
      throw new AssertionError("it was not killed");
    }
  }

  /** Stops it where it is (SIGSTOP); connections stay open, new ones get no answer. */
  void freeze() {
    tree().freeze();
  }

  /** Lets a frozen one go on. */
  void thaw() {
    tree().thaw();
  }

  /** What it has written. */
  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its processes. */
  ProcessTree tree() {
    return new ProcessTree(process.toHandle());
  }

  private boolean ends() {
    try {
      return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
