package dev.storageapi.telemetry;

import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.TraceIds;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The outermost step: gives a request its place in a trace. The caller's trace, if a valid W3C
 * {@code traceparent} names one, is kept, so that its id is found in the log.
 */
public final class Tracing implements Filter {

  /** W3C Trace Context, 3.2: version 00 has this length, later ones may go on behind it. */
  private static final Pattern TRACEPARENT =
      Pattern.compile(
          "(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?");

  @Override
  public Response apply(Request request, Handler next) {
    String parent = request.header("traceparent");
    if (parent != null) {
      Matcher matcher = TRACEPARENT.matcher(parent);
      if (matcher.matches() && (matcher.group(3) == null || !matcher.group(1).equals("00"))) {
        request.trace(new TraceIds(matcher.group(2), ""));
      }
    }
    return next.handle(request);
  }
}
