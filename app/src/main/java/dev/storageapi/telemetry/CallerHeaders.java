package dev.storageapi.telemetry;

import dev.storageapi.http.Request;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.Iterator;
import java.util.List;

/**
 * How the propagators read a request's headers. Two {@code traceparent} headers are none (W3C Trace
 * Context, 3.2); other headers that come several times are one list (RFC 9110, 5.3).
 */
enum CallerHeaders implements TextMapGetter<Request> {
  GETTER;

  @Override
  @SuppressWarnings("deprecation") // nobody asks for them, and they must be there
  public Iterable<String> keys(Request request) {
    return request.headers().keySet();
  }

  @Override
  public String get(Request request, String name) {
    List<String> values = values(request, name);
    return values.isEmpty() || (values.size() > 1 && name.equals("traceparent"))
        ? null
        : String.join(",", values);
  }

  @Override
  public Iterator<String> getAll(Request request, String name) {
    return values(request, name).iterator();
  }

  private static List<String> values(Request request, String name) {
    List<String> values = request.headers().get(name);
    return values == null ? List.of() : values;
  }
}
