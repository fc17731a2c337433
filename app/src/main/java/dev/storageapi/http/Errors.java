package dev.storageapi.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place that makes answers of what was thrown: a {@link Refusal} becomes problem details
 * (RFC 9457) with its status; anything else is logged once and answered by a generic 500.
 */
public final class Errors implements Filter {

  private static final Logger log = LoggerFactory.getLogger(Errors.class);

  private final List<Events> events;

  /** Hears of what went wrong, to record it. Called on the thread of the request. */
  public interface Events {
    /** A request was turned away before or instead of its handler. */
    void refused(Refusal.Reason reason);

    /** A handler or filter threw what nobody expected. */
    void failed(Request request, Throwable cause);
  }

  public Errors(Events... events) {
    this.events = List.of(events);
  }

  @Override
  public Response apply(Request request, Handler next) {
    try {
      return next.handle(request);
    } catch (Refusal refusal) {
      if (refusal.reason() != Refusal.Reason.NONE) {
        events.forEach(hearer -> hearer.refused(refusal.reason()));
      }
      Response response = problem(request, refusal.status(), refusal.getMessage());
      for (Map.Entry<String, String> header : refusal.headers().entrySet()) {
        response = response.with(header.getKey(), header.getValue());
      }
      return response;
    } catch (OutOfMemoryError e) {
      throw e; // nothing can be promised any more: Main ends the process
    } catch (Throwable cause) {
      log.error("request failed", cause);
      events.forEach(hearer -> hearer.failed(request, cause));
      return problem(request, 500, "Something went wrong here, not with the request.");
    }
  }

  /** Problem details: type, title, status, detail and the request id, as RFC 9457 shapes them. */
  static Response problem(Request request, int status, String detail) {
    Map<String, Object> problem = new LinkedHashMap<>();
    problem.put("type", "about:blank");
    problem.put("title", Status.title(status));
    problem.put("status", status);
    problem.put("detail", detail);
    problem.put("request_id", request.id());
    return Response.bytes(status, "application/problem+json", Json.line(problem));
  }
}
