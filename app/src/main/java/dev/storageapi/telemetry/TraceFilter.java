package dev.storageapi.telemetry;

import static io.opentelemetry.api.common.AttributeKey.longKey;
import static io.opentelemetry.api.common.AttributeKey.stringKey;

import dev.storageapi.http.Completion;
import dev.storageapi.http.Errors;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.http.Router;
import dev.storageapi.http.TraceIds;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.trace.ReadableSpan;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The outermost step: a server span for each request, by OpenTelemetry's conventions for HTTP
 * ({@code docs/tracing.md}). It goes on from the caller's {@code traceparent} if that is valid, is
 * current on the thread until the last byte is written, and is named in the answer's {@code
 * traceresponse}. Where nothing is traced, the caller's trace id is kept for the log.
 */
public final class TraceFilter implements Filter, Errors.Events {

  private static final AttributeKey<String> METHOD = stringKey("http.request.method");
  private static final AttributeKey<String> METHOD_ORIGINAL =
      stringKey("http.request.method_original");
  private static final AttributeKey<String> ROUTE = stringKey("http.route");
  private static final AttributeKey<Long> STATUS = longKey("http.response.status_code");
  private static final AttributeKey<Long> REQUEST_SIZE = longKey("http.request.body.size");
  private static final AttributeKey<Long> RESPONSE_SIZE = longKey("http.response.body.size");
  private static final AttributeKey<String> PATH = stringKey("url.path");
  private static final AttributeKey<String> QUERY = stringKey("url.query");
  private static final AttributeKey<String> SCHEME = stringKey("url.scheme");
  private static final AttributeKey<String> SERVER = stringKey("server.address");
  private static final AttributeKey<Long> SERVER_PORT = longKey("server.port");
  private static final AttributeKey<String> CLIENT = stringKey("client.address");
  private static final AttributeKey<String> VERSION = stringKey("network.protocol.version");
  private static final AttributeKey<String> USER_AGENT = stringKey("user_agent.original");
  private static final AttributeKey<String> ERROR = stringKey("error.type");
  private static final AttributeKey<String> REQUEST_ID = stringKey("request_id");
  private static final AttributeKey<String> REASON = stringKey("reason");

  private static final Pattern PORT = Pattern.compile(":\\d{1,5}");

  private final Spans spans;
  private final boolean probes;

  /** Traces every request, those of health checks and scrapes only if {@code probes}. */
  public TraceFilter(Spans spans, boolean probes) {
    this.spans = spans;
    this.probes = probes;
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // it is when the answer has been written: end()
  public Response apply(Request request, Handler next) {
    if (!spans.on() || (!probes && request.is(Route.Trait.PROBE))) {
      keepCaller(request);
      return next.handle(request);
    }
    Context parent = spans.propagator().extract(Context.root(), request, CallerHeaders.GETTER);
    long epochNanos = Spans.epochNanos() - (System.nanoTime() - request.startNanos());
    Span span = spans.server(name(request), parent, epochNanos);
    SpanContext ids = span.getSpanContext();
    request.trace(new TraceIds(ids.getTraceId(), ids.getSpanId(), response(ids)));
    if (span.isRecording()) {
      describe(request, span);
    }
    Scope scope = parent.with(span).makeCurrent();
    request.onCompletion(completion -> end(completion, span, epochNanos, scope));
    return next.handle(request);
  }

  private static void keepCaller(Request request) {
    if (request.header("traceparent") != null) {
      Context context =
          W3CTraceContextPropagator.getInstance()
              .extract(Context.root(), request, CallerHeaders.GETTER);
      SpanContext caller = Span.fromContext(context).getSpanContext();
      if (caller.isValid()) {
        request.trace(new TraceIds(caller.getTraceId(), "", ""));
      }
    }
  }

  /** As {@code traceparent}: a draft of W3C, Trace Context Level 3. */
  private static String response(SpanContext ids) {
    return "00-" + ids.getTraceId() + "-" + ids.getSpanId() + "-" + ids.getTraceFlags().asHex();
  }

  /** {@code GET /api/buckets/{id}}; without a route the method alone, so that names stay few. */
  private static String name(Request request) {
    String method =
        request.methodLabel().equals(Request.OTHER_METHOD) ? "HTTP" : request.methodLabel();
    return request.path().equals(Router.UNMATCHED) ? method : method + " " + request.path();
  }

  private static void describe(Request request, Span span) {
    span.setAttribute(METHOD, request.methodLabel());
    if (request.methodLabel().equals(Request.OTHER_METHOD)) {
      span.setAttribute(METHOD_ORIGINAL, request.method());
    }
    if (!request.path().equals(Router.UNMATCHED)) {
      span.setAttribute(ROUTE, request.path());
    }
    String target = originForm(request.uri());
    int query = target.indexOf('?');
    span.setAttribute(PATH, query < 0 ? target : target.substring(0, query));
    if (query >= 0) {
      span.setAttribute(QUERY, target.substring(query + 1));
    }
    span.setAttribute(SCHEME, "http");
    server(request.header("Host"), span);
    span.setAttribute(CLIENT, request.remoteAddress());
    span.setAttribute(VERSION, request.protocol().substring(request.protocol().indexOf('/') + 1));
    span.setAttribute(USER_AGENT, request.header("User-Agent"));
    span.setAttribute(REQUEST_ID, request.id());
  }

  /** The target without scheme and authority (RFC 9112, 3.2). */
  private static String originForm(String uri) {
    int path = uri.startsWith("/") ? 0 : uri.indexOf('/', uri.indexOf("://") + 3);
    return uri.substring(Math.max(path, 0));
  }

  /** An IPv6 address without its brackets. */
  private static void server(String host, Span span) {
    if (host == null) {
      return;
    }
    int colon = host.lastIndexOf(':');
    boolean hasPort =
        colon > host.lastIndexOf(']') && PORT.matcher(host.substring(colon)).matches();
    String name = hasPort ? host.substring(0, colon) : host;
    span.setAttribute(SERVER, name.replace("[", "").replace("]", ""));
    if (hasPort) {
      span.setAttribute(SERVER_PORT, Long.parseLong(host.substring(colon + 1)));
    }
  }

  /** Called last of all listeners: what they record is still within the span. */
  @SuppressWarnings("try") // the scope is there to be closed
  private static void end(Completion completion, Span span, long epochNanos, Scope scope) {
    try (scope) {
      span.setAttribute(STATUS, completion.status());
      span.setAttribute(REQUEST_SIZE, completion.requestBytes());
      span.setAttribute(RESPONSE_SIZE, completion.responseBytes());
      completion.request().notes().forEach((name, value) -> note(span, name, value));
      if (completion.status() >= 500) {
        span.setStatus(StatusCode.ERROR);
        error(span, Integer.toString(completion.status()));
      }
      span.end(epochNanos + completion.nanos(), TimeUnit.NANOSECONDS);
    }
  }

  private static void note(Span span, String name, Object value) {
    if (value instanceof Number number) {
      span.setAttribute(name, number.doubleValue());
    } else {
      span.setAttribute(name, String.valueOf(value));
    }
  }

  /** The type of an error, unless a better one is known. */
  private static void error(Span span, String type) {
    if (span instanceof ReadableSpan recorded && recorded.getAttribute(ERROR) == null) {
      span.setAttribute(ERROR, type);
    }
  }

  @Override
  public void refused(Refusal.Reason reason) {
    if (spans.on()) {
      Span.current().addEvent("request.refused", Attributes.of(REASON, reason.label()));
    }
  }

  @Override
  public void failed(Request request, Throwable cause) {
    if (spans.on()) {
      error(Span.current(), cause.getClass().getName());
      Span.current().recordException(cause);
    }
  }
}
