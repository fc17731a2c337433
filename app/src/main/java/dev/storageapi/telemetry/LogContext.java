package dev.storageapi.telemetry;

import java.util.Map;
import java.util.Objects;
import org.slf4j.MDC;

/**
 * Pairs that every event of a stretch of work carries, kept in SLF4J's MDC.
 *
 * <pre>{@code
 * try (var context = LogContext.with("dataset_id", id).and("step", "parse")) {
 *   logger.info("started"); // … msg="started" dataset_id=7 step=parse
 *   executor.execute(LogContext.wrap(this::index)); // its events carry both, too
 * }
 * }</pre>
 *
 * Closing gives the thread the pairs that it had before. Belongs to the thread that made it, and
 * must be closed there, inner before outer; {@code -Xlint:try} minds that the block does not use
 * it.
 */
public final class LogContext implements AutoCloseable {
  private final Map<String, String> previous = MDC.getCopyOfContextMap();

  private LogContext() {}

  /** Puts a pair; null is the empty text. */
  public static LogContext with(String key, Object value) {
    return new LogContext().and(key, value);
  }

  /** Puts another pair, or another value of the same key. */
  public LogContext and(String key, Object value) {
    MDC.put(key, Objects.toString(value, ""));
    return this;
  }

  @Override
  public void close() {
    MDC.setContextMap(previous);
  }

  /**
   * The task with the pairs of this moment and thread, wherever it runs; that thread's own pairs
   * return afterwards.
   */
  public static Runnable wrap(Runnable task) {
    Map<String, String> carried = MDC.getCopyOfContextMap();
    return () -> {
      Map<String, String> own = MDC.getCopyOfContextMap();
      MDC.setContextMap(carried);
      try {
        task.run();
      } finally {
        MDC.setContextMap(own);
      }
    };
  }
}
