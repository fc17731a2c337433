package dev.storageapi.database;

import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Refusal.Reason;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells clients what a {@link DatabaseFailure} means for them: 503, 507, or a fault of ours. */
public final class DatabaseErrors implements Filter {

  private static final Logger log = LoggerFactory.getLogger(DatabaseErrors.class);

  @Override
  public Response apply(Request request, Handler next) {
    try {
      return next.handle(request);
    } catch (DatabaseFailure failure) {
      throw refusal(failure);
    }
  }

  private static RuntimeException refusal(DatabaseFailure failure) {
    return switch (failure.kind()) {
      case UNAVAILABLE -> {
        log.debug("the database did not answer", failure);
        yield new Refusal(
            503,
            "The database does not answer. Try again later.",
            Reason.NONE,
            Map.of("Retry-After", "2"));
      }
      case FULL ->
          new Refusal(507, "The database has no space left. What it held before is untouched.");
      case DUPLICATE, FAULT -> failure;
    };
  }
}
