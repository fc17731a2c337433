package dev.storageapi.http;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds what the answers of {@link Route.Trait#HEAVY} routes hold together until they are sent: a
 * slow client holds its answer, and many of them would hold all of the memory. One answer is always
 * allowed, whatever its size. An answer counts from the moment that it is made; how many are being
 * made at once is bounded by what comes behind this filter.
 */
public final class AnswerBudget implements Filter {

  /**
   * What an answer counts for that is written piece by piece: no more of it may be in memory at a
   * time, buffers included.
   */
  public static final long STREAM_BYTES = 192 << 10;

  private final long budget;
  private final AtomicLong taken = new AtomicLong();

  /** A budget of so many bytes. */
  public AnswerBudget(long budget) {
    this.budget = budget;
  }

  @Override
  public Response apply(Request request, Handler next) {
    Response response = next.handle(request);
    if (!request.is(Route.Trait.HEAVY)) {
      return response;
    }
    long bytes = response.stream() == null ? response.body().length : STREAM_BYTES;
    long before = taken.getAndAdd(bytes);
    if (before > 0 && before + bytes > budget) {
      taken.addAndGet(-bytes);
      throw new Refusal(
          503,
          "Too many bytes are being sent at once. Try again in a moment.",
          Refusal.Reason.ANSWER_BUDGET,
          Map.of("Retry-After", "1"));
    }
    request.onCompletion(completion -> taken.addAndGet(-bytes));
    return response;
  }
}
