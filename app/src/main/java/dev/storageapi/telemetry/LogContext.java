package dev.storageapi.telemetry;

import io.opentelemetry.api.trace.SpanContext;
import java.util.Map;
import java.util.Objects;
import org.slf4j.MDC;

/**
 * Pairs that every event of a stretch of work carries, kept in SLF4J's MDC.
 *
 * <pre>{@code
 * try (var context = LogContext.with("dataset_id", id).and("step", "parse")) {
 *   logger.info("started"); // … msg="started" dataset_id=7 step=parse
 *   executor.execute(Origin.here().wrap(this::index)); // its events carry both, too
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

  /** Puts the ids of a span. */
  static LogContext of(SpanContext span) {
    return with("trace_id", span.getTraceId()).and("span_id", span.getSpanId());
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
}
