package dev.storageapi.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A request on its way through the chain. It belongs to the thread that serves it.
 *
 * <p>The body is read by {@link Bodies} before the handler runs, so a handler has it at once as
 * {@link #body}.
 */
public final class Request {

  /** The methods that metrics name (RFC 9110 and PATCH); any other is {@code _OTHER}. */
  public static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT");

  /** The name of every other method. */
  public static final String OTHER_METHOD = "_OTHER";

  private static final byte[] NOTHING = {};
  private static final String[] NO_PAIRS = {};
  private static final Pattern SURROGATE = Pattern.compile("(?i)%ED(?=%[AB])");

  private final String method;
  private final String uri;
  private final String protocol;
  private final Target target;
  private final Map<String, List<String>> headers;
  private final String remoteAddress;
  private final String id;
  private final Router.Match match;
  private final BodyStream stream;
  private final long start = System.nanoTime();
  private final List<Consumer<Completion>> listeners = new ArrayList<>(4);
  private Map<String, Object> notes = Map.of();
  private byte[] body = NOTHING;
  private Runnable bodyHolder = () -> {};
  private TraceIds trace = TraceIds.NONE;

  Request(
      String method,
      String uri,
      String protocol,
      Optional<Target> target,
      Map<String, List<String>> headers,
      String remoteAddress,
      BodyStream stream,
      Router router) {
    this.method = method;
    this.uri = uri;
    this.protocol = protocol;
    this.target = target.orElse(null);
    this.headers = headers;
    this.remoteAddress = remoteAddress;
    this.stream = stream;
    this.match = router.match(method, target);
    this.id = RequestId.of(header("X-Request-ID"));
  }

  /** The method as it came: any token. */
  public String method() {
    return method;
  }

  /** The method as metrics name it: one of {@link #METHODS} or {@link #OTHER_METHOD}. */
  public String methodLabel() {
    return METHODS.contains(method) ? method : OTHER_METHOD;
  }

  /** The target as it came, query included. */
  public String uri() {
    return uri;
  }

  /** The template of the route, such as {@code /api/buckets/{id}}, or {@code unmatched}. */
  public String path() {
    return match.path();
  }

  /** The route, if there is one for this path and method. */
  public Optional<Route> route() {
    return Optional.ofNullable(match.route());
  }

  /** Whether this is a request to a route with {@code trait}. */
  public boolean is(Route.Trait trait) {
    return match.route() != null && match.route().is(trait);
  }

  /** The percent-decoded value of a variable of the route's template. */
  public String variable(String name) {
    return match.variables().get(name);
  }

  /** The first value of a header, or null. */
  public String header(String name) {
    List<String> values = headers.get(name);
    return values == null || values.isEmpty() ? null : values.get(0);
  }

  /** Every header with its values. */
  public Map<String, List<String>> headers() {
    return headers;
  }

  /** The raw query, or null. */
  public String query() {
    return target == null ? null : target.query();
  }

  /**
   * The decoded value of a parameter of the query, the last one where there are several; empty for
   * a bare name, null for none. Bytes that are no UTF-8 become U+FFFD.
   */
  public String parameter(String name) {
    String value = null;
    for (String pair : query() == null ? NO_PAIRS : query().split("&")) {
      int equals = pair.indexOf('=');
      if (form(equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
        value = equals < 0 ? "" : form(pair.substring(equals + 1));
      }
    }
    return value;
  }

  private static String form(String encoded) {
    // An encoded surrogate is three wrong bytes to everybody else, and one to Java.
    String strict = SURROGATE.matcher(encoded).replaceAll("%FF");
    return URLDecoder.decode(strict, StandardCharsets.UTF_8);
  }

  /** The whole body; the caller may keep the array. */
  public byte[] body() {
    return body;
  }

  /**
   * Lets go of the body, and of its share of the budget of all bodies, before the answer is made.
   */
  public void releaseBody() {
    body = NOTHING;
    bodyHolder.run();
  }

  /** The id that every answer and log line of this request bears: the caller's, if acceptable. */
  public String id() {
    return id;
  }

  /** The client's address, without the port. */
  public String remoteAddress() {
    return remoteAddress;
  }

  /** When the request's head had been parsed, by {@link System#nanoTime}. */
  public long startNanos() {
    return start;
  }

  /**
   * Has {@code listener} called once, on this thread, when the last byte is written or the
   * connection is cut. What it throws is logged and harms nobody.
   */
  public void onCompletion(Consumer<Completion> listener) {
    listeners.add(listener);
  }

  /** Adds to the line that this request has in the access log. */
  public void note(String name, Object value) {
    if (notes.isEmpty()) { // most requests have none
      notes = new LinkedHashMap<>();
    }
    notes.put(name, value);
  }

  /** What was noted, in that order. */
  public Map<String, Object> notes() {
    return notes;
  }

  /** The trace and span of this request. */
  public TraceIds trace() {
    return trace;
  }

  /** Puts this request into a trace; the outermost filter does so. */
  public void trace(TraceIds ids) {
    trace = ids;
  }

  /** The protocol and its version, such as {@code HTTP/1.1}. */
  public String protocol() {
    return protocol;
  }

  Router.Match match() {
    return match;
  }

  BodyStream stream() {
    return stream;
  }

  /** The body is there; {@code holder} is called when it is let go of early. */
  void body(byte[] bytes, Runnable holder) {
    body = bytes;
    bodyHolder = holder;
  }

  List<Consumer<Completion>> listeners() {
    return listeners;
  }
}
