package dev.storageapi.inference;

import dev.storageapi.inference.NotPredicted.Reason;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bytes of the heap that images may hold together while they are decoded and wait: the process ends
 * when the heap does, and no client is to bring that about. Counted in KiB.
 */
final class HeapBudget {

  private final int total;
  private final Semaphore free;
  private final Duration timeout;

  /** A budget of {@code bytes}; one who wants more than is free waits up to {@code timeout}. */
  HeapBudget(long bytes, Duration timeout) {
    this.total = (int) Math.min(Integer.MAX_VALUE, bytes / 1024);
    this.free = new Semaphore(total);
    this.timeout = timeout;
  }

  /** What one image holds of it; nothing at first. Belongs to one thread. */
  final class Lease implements AutoCloseable {

    private int held;

    /**
     * Waits until it holds at least {@code bytes}.
     *
     * @throws NotPredicted if that is more than all, or is not to be had in time
     */
    void take(long bytes) {
      long wanted = bytes / 1024 + 1;
      if (wanted > total) {
        throw new NotPredicted(
            Reason.TOO_MANY_PIXELS, "There is not enough memory here for an image of this size.");
      }
      int more = (int) Math.max(0, wanted - held);
      if (!acquired(more)) {
        throw new NotPredicted(
            Reason.TIMEOUT, "Too many images are being read. Try again in a moment.");
      }
      held += more;
    }

    private boolean acquired(int more) {
      try {
        return free.tryAcquire(more, timeout.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    /** Gives back what is more than {@code bytes}. */
    void keep(long bytes) {
      int less = (int) Math.min(held, bytes / 1024 + 1);
      free.release(held - less);
      held = less;
    }

    @Override
    public void close() {
      free.release(held);
      held = 0;
    }
  }
}
