package dev.storageapi.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Begins spans, so that any code can trace a stretch of work in one line:
 *
 * <pre>{@code
 * try (ActiveSpan span = spans.step("decode")) {
 *   picture = Picture.decode(bytes);
 * }
 * }</pre>
 *
 * Safe for use by many threads.
 */
public final class Spans {

  /** Where nothing is traced: its spans take the time, and nothing else. */
  public static final Spans OFF = new Spans(null, TextMapPropagator::noop);

  private static final Clock CLOCK = Clock.systemUTC();

  private final Supplier<Tracer> tracer;
  private final Supplier<TextMapPropagator> propagator;

  /** By what is asked for when it is needed: it may have to be waited for. */
  Spans(Supplier<Tracer> tracer, Supplier<TextMapPropagator> propagator) {
    this.tracer = tracer;
    this.propagator = propagator;
  }

  /** Whether there is anybody to record them. */
  boolean on() {
    return tracer != null;
  }

  TextMapPropagator propagator() {
    return propagator.get();
  }

  /** Begins a span of the current trace, or a new trace where there is none. */
  public ActiveSpan start(String name) {
    return on() ? begin(name, SpanKind.INTERNAL, Context.current(), true) : new ActiveSpan();
  }

  /** Begins a span of the current trace; outside of one nothing is recorded. */
  public ActiveSpan step(String name) {
    return within(name, SpanKind.INTERNAL, Context.current(), true);
  }

  /** As {@link #step}, of a call to somebody else, who answers. */
  public ActiveSpan client(String name) {
    return within(name, SpanKind.CLIENT, Context.current(), true);
  }

  /** As {@link #step} under where {@code origin} is from; any thread may end it. */
  public ActiveSpan detached(String name, Origin origin) {
    return within(name, SpanKind.INTERNAL, origin.trace(), false);
  }

  /** Begins the span of a request. */
  Span server(String name, Context parent, long epochNanos) {
    return span(name, SpanKind.SERVER, parent, epochNanos);
  }

  private ActiveSpan within(String name, SpanKind kind, Context parent, boolean current) {
    return on() && Span.fromContext(parent).isRecording()
        ? begin(name, kind, parent, current)
        : new ActiveSpan();
  }

  private ActiveSpan begin(String name, SpanKind kind, Context parent, boolean current) {
    long epochNanos = epochNanos();
    long start = System.nanoTime(); // at once: what the SDK needs is within the span
    Span span = span(name, kind, parent, epochNanos);
    return new ActiveSpan(span, parent.with(span), epochNanos, start, current);
  }

  private Span span(String name, SpanKind kind, Context parent, long epochNanos) {
    return tracer
        .get()
        .spanBuilder(name)
        .setSpanKind(kind)
        .setParent(parent)
        .setStartTimestamp(epochNanos, TimeUnit.NANOSECONDS)
        .startSpan();
  }

  /** Now, in nanoseconds since 1970. */
  static long epochNanos() {
    Instant now = CLOCK.instant();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }

  /** The headers by which whoever is called continues the current trace. */
  public Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    propagator().inject(Context.current(), headers, (all, name, value) -> all.put(name, value));
    return headers;
  }
}
