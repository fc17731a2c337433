package dev.storageapi.database;

import static dev.storageapi.database.DatabaseFailure.Kind.UNAVAILABLE;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Whether all that a feature asks of the database fails although that is there, as while somebody
 * has locked its table. Safe for use by many threads.
 */
public final class Streak {

  private static final long LONG = TimeUnit.SECONDS.toNanos(3);

  private final Database database;
  private boolean failing;
  private long first;
  private long last;

  public Streak(Database database) {
    this.database = database;
  }

  /** Does the work, and remembers whether that could be done. */
  public <T> T watch(Supplier<T> work) {
    try {
      T result = work.get();
      succeeded();
      return result;
    } catch (DatabaseFailure e) {
      if (e.kind() == UNAVAILABLE && database.state().up()) {
        failed(System.nanoTime());
      }
      throw e;
    }
  }

  private synchronized void succeeded() {
    failing = false;
  }

  private synchronized void failed(long now) {
    first = failing ? first : now;
    last = now;
    failing = true;
  }

  /** Whether nothing has succeeded for 3 s, and something has failed within the last 3 s. */
  public synchronized boolean isLong() {
    long now = System.nanoTime();
    return failing && now - first > LONG && now - last < LONG;
  }
}
