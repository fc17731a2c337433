package dev.storageapi.telemetry;

import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.Map;
import org.slf4j.MDC;

/**
 * Where work comes from: the trace and the log context of the thread that hands it over, for the
 * thread that does it.
 *
 * <pre>{@code
 * Origin origin = Origin.here();
 * executor.execute(origin.wrap(() -> logger.info("indexed"))); // bears the request's ids
 * }</pre>
 */
public final class Origin {

  private final Context trace = Context.current();
  private final Map<String, String> pairs = MDC.getCopyOfContextMap();

  private Origin() {}

  /** This thread, as it is now. */
  public static Origin here() {
    return new Origin();
  }

  Context trace() {
    return trace;
  }

  /** The task as if it ran where this is from; the thread's own context returns afterwards. */
  @SuppressWarnings("try") // the scope is there to be closed
  public Runnable wrap(Runnable task) {
    return () -> {
      Map<String, String> own = MDC.getCopyOfContextMap();
      MDC.setContextMap(pairs);
      try (Scope scope = trace.makeCurrent()) {
        task.run();
      } finally {
        MDC.setContextMap(own);
      }
    };
  }
}
