package dev.storageapi.datasets;

import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Origin;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.core.metrics.Counter;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.zip.CRC32;

/**
 * Work that can be seen from outside: it burns a core, holds memory of the heap, then waits, as the
 * splines of the exercise do. It runs on threads of its own, so that virtual ones, which share few
 * cores, go on serving.
 */
public final class Reticulation implements AutoCloseable {

  /** How one ended: a closed set, it is a label. */
  public enum Outcome {
    /** It did all it should. */
    COMPLETED,
    /** Too many were running, or there was too little memory. */
    REJECTED,
    /** The service was shutting down. */
    CANCELLED;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What one costs.
   *
   * @param cpu how long it burns a core
   * @param memory bytes that it holds until its end
   * @param pause how long it then waits
   * @param atOnce the most that run at once
   */
  public record Cost(Duration cpu, long memory, Duration pause, int atOnce) {}

  /** When one that was refused may be worth another try. */
  static final Duration RETRY = Duration.ofSeconds(5);

  /** Many, with their headers of 16 bytes, fill a region of G1's: larger ones would waste it. */
  private static final int PIECE = (32 << 10) - 16;

  /** What must stay free on the heap for everybody else. */
  private static final long RESERVE = 16L << 20;

  private final Cost cost;
  private final Spans spans;
  private final LongSupplier nanos;
  private final Semaphore places;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Counter outcomes;
  private long nextCollection;

  public Reticulation(Cost cost, Metrics metrics, Spans spans) {
    this(cost, metrics, spans, System::nanoTime);
  }

  /**
   * One with a clock of its own.
   *
   * @param nanos the time, as {@link System#nanoTime} tells it
   */
  Reticulation(Cost cost, Metrics metrics, Spans spans, LongSupplier nanos) {
    this.cost = cost;
    this.spans = spans;
    this.nanos = nanos;
    this.nextCollection = nanos.getAsLong();
    this.places = new Semaphore(cost.atOnce());
    outcomes = metrics.counter(Metric.DATASET_RETICULATIONS);
    for (Outcome outcome : Outcome.values()) {
      outcomes.initLabelValues(outcome.label());
    }
    metrics.gauge(Metric.DATASET_RETICULATIONS_IN_PROGRESS, this::inProgress);
  }

  /** How many are at work now. */
  public int inProgress() {
    return cost.atOnce() - places.availablePermits();
  }

  /**
   * Does it, and comes back when it is done.
   *
   * @throws OutOfMemoryError if the heap ended in the midst of it: only for what it holds is there
   *     another way
   */
  Outcome run() {
    Outcome outcome = Outcome.REJECTED;
    if (places.tryAcquire()) {
      try {
        outcome = work();
      } finally {
        places.release();
      }
    }
    outcomes.labelValues(outcome.label()).inc();
    return outcome;
  }

  private Outcome work() {
    FutureTask<Outcome> task = new FutureTask<>(this::reticulate);
    new Thread(Origin.here().wrap(task), "reticulation").start();
    try {
      return task.get();
    } catch (InterruptedException e) {
      task.cancel(true);
      return Outcome.CANCELLED;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OutOfMemoryError ended) {
        throw ended; // as anywhere else, it is the end of the process
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private Outcome reticulate() throws InterruptedException {
    List<byte[]> held = new ArrayList<>();
    try {
      if (!hold(held)) {
        return Outcome.REJECTED;
      }
      return burn(held) && pause() ? Outcome.COMPLETED : Outcome.CANCELLED;
    } finally {
      Reference.reachabilityFence(held);
    }
  }

  private boolean hold(List<byte[]> held) {
    try (ActiveSpan span = spans.step("hold memory")) {
      span.set("bytes", cost.memory());
      return take(held);
    }
  }

  /** Takes all of the memory or none, one after another: two halves would help nobody. */
  private synchronized boolean take(List<byte[]> held) {
    long needed = cost.memory() + RESERVE;
    if (free() < needed && mayCollect()) {
      System.gc(); // garbage counts as used
    }
    if (free() < needed) {
      return false;
    }
    try {
      for (long taken = 0; taken < cost.memory(); taken += PIECE) {
        held.add(new byte[PIECE]);
      }
      return true;
    } catch (OutOfMemoryError e) { // free, but not to be had: collectors divide the heap
      held.clear();
      return false;
    }
  }

  /** A collection stops everybody: refused clients must not have one for each of their tries. */
  private boolean mayCollect() {
    long now = nanos.getAsLong();
    boolean due = now - nextCollection >= 0;
    if (due) {
      nextCollection = now + RETRY.toNanos();
    }
    return due;
  }

  private static long free() {
    Runtime heap = Runtime.getRuntime();
    return heap.maxMemory() - heap.totalMemory() + heap.freeMemory();
  }

  @SuppressWarnings("try") // the span is there to be closed
  private boolean pause() throws InterruptedException {
    try (ActiveSpan span = spans.step("pause")) {
      return !closed.await(cost.pause().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  @SuppressWarnings("try") // the span is there to be closed
  private boolean burn(List<byte[]> held) {
    try (ActiveSpan span = spans.step("burn a core")) {
      return sumUp(held);
    }
  }

  /** Sums up the memory again and again; not to the end where it is to stop. */
  private boolean sumUp(List<byte[]> held) {
    CRC32 sum = new CRC32();
    byte[] nothing = new byte[PIECE];
    long end = nanos.getAsLong() + cost.cpu().toNanos();
    for (int i = 0; nanos.getAsLong() - end < 0; i++) {
      if (closed.getCount() == 0 || Thread.currentThread().isInterrupted()) {
        return false;
      }
      sum.update(held.isEmpty() ? nothing : held.get(i % held.size()));
    }
    return true;
  }

  /** Ends every one that is at work, soon. */
  @Override
  public void close() {
    closed.countDown();
  }
}
