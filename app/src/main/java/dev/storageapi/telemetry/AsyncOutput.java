package dev.storageapi.telemetry;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.event.Level;

/**
 * The appender: events are encoded on the thread that logs and written by one daemon thread, so a
 * blocked or broken output delays nobody. At most {@code queueBytes} wait, those being written
 * included; what does not fit is dropped. Every event ends as exactly one line or one count at
 * {@link Logs.Listener#dropped}.
 *
 * <p>Nobody wakes the writer: it takes what has gathered, up to 64 KiB a write, and sleeps 20 ms
 * when there is nothing. Once a full queue is half empty again, it logs the number dropped, at most
 * once a minute.
 */
final class AsyncOutput extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private static final int BATCH_BYTES = 64 * 1024;
  private static final long IDLE_NANOS = 20_000_000;
  private static final long REPORT_NANOS = 60_000_000_000L;
  private static final long STOP_MILLIS = 2_000;

  private final LineEncoder encoder;
  private final long queueBytes;
  private final OutputStream out;
  private final Logs.Listener listener;
  private final LongSupplier nanoTime;

  private final Queue<byte[]> lines = new ConcurrentLinkedQueue<>();
  private final AtomicLong queued = new AtomicLong();
  private final AtomicLong unreported = new AtomicLong();
  private final AtomicInteger writing = new AtomicInteger();
  private final Thread writer = new Thread(this::write, "log-writer");
  private volatile boolean stopping;
  private volatile boolean stopped;

  private final ByteArrayOutputStream batch = new ByteArrayOutputStream(BATCH_BYTES);
  private long nextReport;

  /**
   * @param out neither shared nor closed; must throw when it fails, which a PrintStream does not
   * @param nanoTime the clock of the minute between two reports, in nanoseconds
   */
  AsyncOutput(
      LineEncoder encoder,
      long queueBytes,
      OutputStream out,
      Logs.Listener listener,
      LongSupplier nanoTime) {
    this.encoder = encoder;
    this.queueBytes = queueBytes;
    this.out = out;
    this.listener = listener;
    this.nanoTime = nanoTime;
    this.nextReport = nanoTime.getAsLong();
  }

  @Override
  public void start() {
    super.start();
    writer.setDaemon(true);
    writer.start();
  }

  /**
   * Writes what is queued, for at most 2 s; what is left then, and whatever comes later, counts as
   * dropped. Idempotent.
   */
  @Override
  public void stop() {
    if (stopped) {
      return;
    }
    stopping = true; // but still "started": Logback would drop later events without a count
    LockSupport.unpark(writer);
    try {
      writer.join(STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stopped = true;
    int left = writing.getAndSet(0);
    while (lines.poll() != null) {
      left++;
    }
    drop(Logs.SHUTDOWN, left);
  }

  @Override
  protected void append(ILoggingEvent event) {
    listener.logged(Level.valueOf(event.getLevel().toString()));
    if (stopping) {
      drop(Logs.SHUTDOWN, 1);
    } else if (queued.get() >= queueBytes) { // before the cost of encoding it
      drop(Logs.QUEUE_FULL, 1);
    } else {
      enqueue(encoder.encode(event));
    }
  }

  private void enqueue(byte[] line) {
    if (queued.addAndGet(line.length) > queueBytes) {
      queued.addAndGet(-line.length);
      drop(Logs.QUEUE_FULL, 1);
      return;
    }
    lines.add(line);
    if (stopped && lines.remove(line)) { // the writer is gone: whoever takes the line counts it
      drop(Logs.SHUTDOWN, 1);
    }
  }

  private void drop(String reason, int count) {
    if (count > 0) {
      listener.dropped(reason, count);
      unreported.addAndGet(reason.equals(Logs.QUEUE_FULL) ? count : 0);
    }
  }

  private void write() {
    while (!stopping || !lines.isEmpty()) {
      writeBatch();
      reportDropped();
      if (!stopping && lines.isEmpty()) {
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
    }
  }

  private void writeBatch() {
    batch.reset();
    byte[] line;
    while (batch.size() <= BATCH_BYTES - Line.LIMIT && (line = lines.poll()) != null) {
      batch.writeBytes(line);
      writing.incrementAndGet();
    }
    if (batch.size() == 0) {
      return;
    }
    try {
      batch.writeTo(out);
      out.flush();
      writing.set(0);
    } catch (IOException | RuntimeException e) {
      drop(Logs.WRITE_FAILED, writing.getAndSet(0));
    }
    queued.addAndGet(-batch.size());
  }

  private void reportDropped() {
    boolean due = unreported.get() > 0 && nanoTime.getAsLong() - nextReport >= 0;
    if (stopping || !due || queued.get() > queueBytes / 2) {
      return;
    }
    nextReport = nanoTime.getAsLong() + REPORT_NANOS;
    ((LoggerContext) getContext())
        .getLogger(AsyncOutput.class)
        .atWarn()
        .addKeyValue("count", unreported.getAndSet(0))
        .log("log events dropped");
  }
}
