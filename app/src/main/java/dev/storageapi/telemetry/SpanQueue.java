package dev.storageapi.telemetry;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before and behind the SDK's batches, and counts what does not get through: a sampled span
 * ends as one that the back end took, or as one of {@code telemetry_dropped_total}.
 *
 * <pre>{@code
 * spans → before → batches of the SDK → behind → OTLP
 * }</pre>
 *
 * <p>At most {@code limit} spans wait, so the SDK's own queue, which drops without telling, is
 * never full. What was dropped is logged at most once a minute.
 */
final class SpanQueue {

  /** Reason of a drop: the back end did not keep up, and the queue had no room. */
  static final String QUEUE_FULL = "queue_full";

  /** Reason of a drop: the back end was away, too slow, or refused. */
  static final String EXPORT_FAILED = "export_failed";

  /** Reason of a drop: ended or not yet sent when the process ended. */
  static final String SHUTDOWN = "shutdown";

  private static final Logger log = LoggerFactory.getLogger(SpanQueue.class);
  private static final String SIGNAL = "traces";
  private static final long REPORT_NANOS = 60_000_000_000L;

  private final Counter dropped;
  private final LongSupplier nanoTime;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong unreported = new AtomicLong();
  private volatile String problem = "";
  private volatile boolean closed;
  private boolean abandoned;
  private int underWay;
  private long nextReport;

  /**
   * A queue whose drops are counted.
   *
   * @param nanoTime the clock of the minute between two reports, in nanoseconds
   */
  SpanQueue(Metrics metrics, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    nextReport = nanoTime.getAsLong();
    dropped = metrics.counter(Metric.TELEMETRY_DROPPED);
    List.of(QUEUE_FULL, EXPORT_FAILED, SHUTDOWN)
        .forEach(reason -> dropped.initLabelValues(SIGNAL, reason));
  }

  private void drop(String reason, int count) {
    if (count > 0) {
      dropped.labelValues(SIGNAL, reason).inc(count);
      unreported.addAndGet(count);
    }
  }

  private void report() {
    if (unreported.get() > 0 && nanoTime.getAsLong() - nextReport >= 0) {
      nextReport = nanoTime.getAsLong() + REPORT_NANOS;
      tell("spans dropped");
    }
  }

  private void tell(String message) {
    log.atWarn()
        .addKeyValue("count", unreported.getAndSet(0))
        .addKeyValue("reason", problem.isEmpty() ? "the back end did not keep up" : problem)
        .log(message);
  }

  /** Why nothing could be sent, for the next report. */
  void problem(String reason) {
    problem = reason;
  }

  /** From here on spans are dropped; those that wait may be sent until {@link #abandon}. */
  void close() {
    closed = true;
  }

  /** What has not been sent will not be; what becomes of a batch under way counts no more. */
  synchronized void abandon() {
    abandoned = true;
    drop(SHUTDOWN, waiting.getAndSet(0) + underWay);
    if (unreported.get() > 0) {
      tell("spans dropped until the end");
    }
  }

  /** What stands before the batches. */
  SpanProcessor before(SpanProcessor batches, int limit) {
    return new SpanProcessor() {
      @Override
      public void onStart(Context parent, ReadWriteSpan span) {}

      @Override
      public boolean isStartRequired() {
        return false;
      }

      @Override
      public void onEnd(ReadableSpan span) {
        if (!span.getSpanContext().isSampled()) {
          return;
        }
        if (closed) {
          drop(SHUTDOWN, 1);
        } else if (waiting.incrementAndGet() > limit) {
          waiting.decrementAndGet();
          drop(QUEUE_FULL, 1);
        } else {
          batches.onEnd(span);
        }
      }

      @Override
      public boolean isEndRequired() {
        return true;
      }

      @Override
      public CompletableResultCode shutdown() {
        return batches.shutdown();
      }

      @Override
      public CompletableResultCode forceFlush() {
        return batches.forceFlush();
      }
    };
  }

  /** What stands behind them. */
  SpanExporter behind(SpanExporter exporter) {
    return new SpanExporter() {
      @Override
      public CompletableResultCode export(Collection<SpanData> batch) {
        int size = batch.size();
        if (!begin(size)) {
          return CompletableResultCode.ofFailure();
        }
        CompletableResultCode result = send(exporter, batch);
        return result.whenComplete(() -> exported(size, result.isSuccess()));
      }

      @Override
      public CompletableResultCode flush() {
        return exporter.flush();
      }

      @Override
      public CompletableResultCode shutdown() {
        return exporter.shutdown();
      }
    };
  }

  private CompletableResultCode send(SpanExporter exporter, Collection<SpanData> batch) {
    try {
      return exporter.export(batch);
    } catch (RuntimeException e) {
      problem(e.toString());
      return CompletableResultCode.ofFailure();
    }
  }

  /** Whether a batch may still be sent. */
  private synchronized boolean begin(int size) {
    if (!abandoned) {
      waiting.addAndGet(-size);
      underWay += size;
    }
    return !abandoned;
  }

  private synchronized void exported(int size, boolean success) {
    if (abandoned) {
      return; // counted already
    }
    underWay -= size;
    if (success) {
      problem = "";
    } else {
      drop(EXPORT_FAILED, size);
    }
    report();
  }
}
