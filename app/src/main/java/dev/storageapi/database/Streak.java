package dev.storageapi.database;

import static dev.storageapi.database.DatabaseFailure.Kind.UNAVAILABLE;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Whether all that a feature asks of the database fails although that is there, as while somebody
 * has locked its table. Safe for use by many threads.
 */
public final class Streak {

  private static final long LONG = TimeUnit.SECONDS.toNanos(3);

  private final BooleanSupplier up;
  private final LongSupplier nanos;
  private boolean failing;
  private long first;
  private long last;

  public Streak(Database database) {
    this(() -> database.state().up(), System::nanoTime);
  }

  /**
   * A streak of something that can be there or not.
   *
   * @param nanos the time in nanoseconds, from any beginning
   */
  Streak(BooleanSupplier up, LongSupplier nanos) {
    this.up = up;
    this.nanos = nanos;
  }

  /** Does the work, and remembers whether that could be done. */
  public <T> T watch(Supplier<T> work) {
    try {
      T result = work.get();
      succeeded();
      return result;
    } catch (DatabaseFailure e) {
      if (e.kind() == UNAVAILABLE && up.getAsBoolean()) {
        failed(nanos.getAsLong());
      }
      throw e;
    }
  }

  private synchronized void succeeded() {
    failing = false;
  }

  private synchronized void failed(long now) {
    first = failing && now - last <= LONG ? first : now; // one of long ago was another streak
    last = now;
    failing = true;
  }

  /**
   * Whether for more than 3 s nothing has succeeded while one thing after another failed, none of
   * them more than 3 s after the one before, and the last within 3 s.
   */
  public synchronized boolean isLong() {
    long now = nanos.getAsLong();
    return failing && now - first > LONG && now - last <= LONG;
  }
}
