package dev.storageapi.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.util.concurrent.TimeUnit;

/**
 * A stretch of work that is a span of a trace, from {@link Spans} to {@link #close}. What begins
 * within it on this thread is its child, what is logged bears its ids, and histograms take it as
 * their exemplar.
 *
 * <pre>{@code
 * try (ActiveSpan span = spans.step("decode")) {
 *   span.set("image.format", "png");
 *   …
 *   span.observe(durations); // the same duration, in seconds, with the span as exemplar
 * }
 * }</pre>
 *
 * <p>Where nothing is traced, or this trace is not sampled, nothing is recorded but the time. It
 * belongs to the thread that began it; one that is {@link Spans#detached} may be handed over, to
 * one thread at a time.
 */
public final class ActiveSpan implements AutoCloseable {

  private static final long RUNNING = -1;

  private final Span span;
  private final Context context;
  private final Scope scope;
  private final LogContext logs;
  private final long epochNanos;
  private final long start;
  private long nanos = RUNNING;

  /** Takes the time, and nothing else. */
  ActiveSpan() {
    this(null, null, 0, System.nanoTime(), false);
  }

  /**
   * One that {@code span} records.
   *
   * @param context with the span in it
   * @param epochNanos when the span began
   * @param start the same moment, by {@link System#nanoTime}
   * @param current whether what follows on this thread belongs to it
   */
  @SuppressWarnings("MustBeClosedChecker") // it is by close()
  ActiveSpan(Span span, Context context, long epochNanos, long start, boolean current) {
    this.span = span;
    this.context = context;
    this.epochNanos = epochNanos;
    this.start = start;
    logs = current ? LogContext.of(span.getSpanContext()) : null;
    scope = current ? context.makeCurrent() : null;
  }

  /** Whether it is recorded: traced, and sampled. */
  public boolean isRecording() {
    return span != null && span.isRecording();
  }

  /** Sets an attribute, of the semantic conventions' names where they have one. */
  public ActiveSpan set(String name, String value) {
    if (isRecording() && value != null) {
      span.setAttribute(name, value);
    }
    return this;
  }

  /** Sets an attribute that is a whole number. */
  public ActiveSpan set(String name, long value) {
    if (isRecording()) {
      span.setAttribute(name, value);
    }
    return this;
  }

  /** Says that something happened now. */
  public ActiveSpan event(String name) {
    if (isRecording()) {
      span.addEvent(name, epochNanos + System.nanoTime() - start, TimeUnit.NANOSECONDS);
    }
    return this;
  }

  /** Points to another span, which this one follows in time; null for none. */
  public ActiveSpan link(ActiveSpan earlier) {
    if (isRecording() && earlier != null && earlier.isSampled()) {
      span.addLink(earlier.span.getSpanContext());
    }
    return this;
  }

  private boolean isSampled() {
    return span != null && span.getSpanContext().isSampled();
  }

  /**
   * The work failed.
   *
   * @param type a name of few, such as an exception's or a status
   * @param description what people should know, or null
   */
  public ActiveSpan failed(String type, String description) {
    if (isRecording()) {
      span.setAttribute("error.type", type);
      span.setStatus(StatusCode.ERROR, description == null ? "" : description);
    }
    return this;
  }

  /** Fixes the duration, if it is not fixed yet, and gives it in nanoseconds. */
  public long stop() {
    if (nanos == RUNNING) {
      nanos = System.nanoTime() - start;
    }
    return nanos;
  }

  /** Stops, and adds the seconds to a histogram, with this span as the exemplar. */
  @SuppressWarnings("try") // the scope is there to be closed
  public void observe(DistributionDataPoint durations) {
    double seconds = stop() / 1e9;
    if (span == null) {
      durations.observe(seconds);
      return;
    }
    try (Scope exemplar = context.makeCurrent()) {
      durations.observe(seconds);
    }
  }

  /** Ends it, where it was stopped or now. */
  @Override
  public void close() {
    if (span == null) {
      return;
    }
    if (scope != null) {
      scope.close();
      logs.close();
    }
    span.end(epochNanos + stop(), TimeUnit.NANOSECONDS);
  }
}
