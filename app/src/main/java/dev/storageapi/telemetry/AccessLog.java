package dev.storageapi.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.storageapi.http.Completion;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

/**
 * One line for each request, at its end:
 *
 * <pre>{@code
 * … msg="request" remote_addr=127.0.0.1 url=/api/buckets/7 method=GET path=/api/buckets/{id}
 * status_code=200 duration_ms=0.412 request_bytes=0 response_bytes=5 request_id=… trace_id="" span_id=""
 * }</pre>
 *
 * <p>What was {@link Request#note noted} comes at the end. {@code url} is the target as it came,
 * {@code path} the route's template, as in the metrics. Every other line that is logged while the
 * request is served bears its ids as well.
 */
public final class AccessLog implements Filter {

  private final Logger log = (Logger) LoggerFactory.getLogger(AccessLog.class);
  private final boolean probes;

  /**
   * The location that these lines name. Looked up once: to walk the stack for each request would
   * cost more than serving it.
   */
  private final StackTraceElement[] here;

  /** Logs every request, those of health checks and scrapes only if {@code probes}. */
  public AccessLog(boolean probes) {
    this.probes = probes;
    this.here = new StackTraceElement[] {new Throwable().getStackTrace()[0]};
  }

  @Override
  public Response apply(Request request, Handler next) {
    LogContext context =
        LogContext.with("request_id", request.id())
            .and("trace_id", request.trace().traceId())
            .and("span_id", request.trace().spanId());
    request.onCompletion(completion -> end(completion, context));
    return next.handle(request);
  }

  /** The context lasts until here; the line itself has the same ids as pairs of its own. */
  private void end(Completion completion, LogContext context) {
    context.close(); // first, or the line would look through a copy of it
    if (log.isInfoEnabled() && (probes || !completion.request().is(Route.Trait.PROBE))) {
      write(completion);
    }
  }

  private void write(Completion completion) {
    Request request = completion.request();
    LoggingEvent event =
        new LoggingEvent(AccessLog.class.getName(), log, Level.INFO, "request", null, null);
    event.setCallerData(here);
    List<KeyValuePair> pairs =
        new ArrayList<>(
            List.of(
                new KeyValuePair("remote_addr", request.remoteAddress()),
                new KeyValuePair("url", request.uri()),
                new KeyValuePair("method", request.method()),
                new KeyValuePair("path", request.path()),
                new KeyValuePair("status_code", completion.status()),
                new KeyValuePair("duration_ms", Math.round(completion.nanos() / 1e3) / 1e3),
                new KeyValuePair("request_bytes", completion.requestBytes()),
                new KeyValuePair("response_bytes", completion.responseBytes()),
                new KeyValuePair("request_id", request.id()),
                new KeyValuePair("trace_id", request.trace().traceId()),
                new KeyValuePair("span_id", request.trace().spanId())));
    request.notes().forEach((name, value) -> pairs.add(new KeyValuePair(name, value)));
    event.setKeyValuePairs(pairs);
    log.callAppenders(event);
  }
}
