package dev.storageapi.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets only so many requests work at once; one more waits a short time for its turn and is then
 * answered 503 with {@code Retry-After}. Under overload the service so keeps doing what it can do,
 * and says no quickly to the rest. Bodies are read before and answers written after it, so slow
 * clients hold no place.
 */
public final class Admission implements Filter {

  private final Semaphore places;
  private final long waitNanos;

  /** Room for {@code limit} requests, and up to {@code wait} of patience for one more. */
  public Admission(int limit, Duration wait) {
    this.places = new Semaphore(limit);
    this.waitNanos = wait.toNanos();
  }

  @Override
  public Response apply(Request request, Handler next) {
    if (request.is(Route.Trait.UNSHED)) {
      return next.handle(request);
    }
    if (!admitted()) {
      throw new Refusal(
          503,
          "The service is at its limit. Try again in a moment.",
          Refusal.Reason.OVERLOAD,
          Map.of("Retry-After", "1"));
    }
    try {
      return next.handle(request);
    } finally {
      places.release();
    }
  }

  private boolean admitted() {
    try {
      return places.tryAcquire() || places.tryAcquire(waitNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
