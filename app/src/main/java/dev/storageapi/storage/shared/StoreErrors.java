package dev.storageapi.storage.shared;

import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Refusal.Reason;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells clients what a {@link StoreFailure} means for them: 503, or a fault of ours. */
public final class StoreErrors implements Filter {

  private static final Logger log = LoggerFactory.getLogger(StoreErrors.class);

  @Override
  public Response apply(Request request, Handler next) {
    try {
      return next.handle(request);
    } catch (StoreFailure failure) {
      throw refusal(failure);
    }
  }

  private static RuntimeException refusal(StoreFailure failure) {
    return switch (failure.kind()) {
      case UNAVAILABLE, TIMEOUT, POOL_EXHAUSTED -> {
        log.debug("the shared store did not answer", failure);
        yield new Refusal(
            503,
            "The bucket store does not answer. Try again later.",
            Reason.NONE,
            Map.of("Retry-After", "1"));
      }
      case FULL, FAULT -> failure; // that a PUT finds it full is an outcome, not a failure
    };
  }
}
