package dev.storageapi.http;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the JDK's server lets through and a careful one must not: other versions of HTTP, a missing
 * host, methods that are no token, control characters in header values, a signed length, and
 * targets and headers beyond the limits.
 */
public final class Limits implements Filter {

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}");
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,18}");
  private static final Map<String, String> CLOSE = Map.of("Connection", "close");

  private final long maxTargetBytes;
  private final int maxHeaders;
  private final long maxHeaderBytes;
  private final boolean acceptChunked;

  /**
   * The limits.
   *
   * @param maxTargetBytes the longest request target
   * @param maxHeaders the most header lines
   * @param maxHeaderBytes the most bytes of names and values together
   * @param acceptChunked whether request bodies may come in chunks; see {@code docs/security.md}
   */
  public Limits(long maxTargetBytes, int maxHeaders, long maxHeaderBytes, boolean acceptChunked) {
    this.maxTargetBytes = maxTargetBytes;
    this.maxHeaders = maxHeaders;
    this.maxHeaderBytes = maxHeaderBytes;
    this.acceptChunked = acceptChunked;
  }

  @Override
  public Response apply(Request request, Handler next) {
    requestLine(request);
    headers(request.headers());
    if (request.stream().length() < 0 && !acceptChunked) {
      throw new Refusal(
          411, "Send the body with a Content-Length.", Refusal.Reason.CHUNKED_BODY, CLOSE);
    }
    return next.handle(request);
  }

  private void requestLine(Request request) {
    String protocol = request.protocol();
    if (!protocol.equals("HTTP/1.1") && !protocol.equals("HTTP/1.0")) {
      throw new Refusal(
          505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", Refusal.Reason.MALFORMED, CLOSE);
    }
    if (!Request.METHODS.contains(request.method()) && !TOKEN.matcher(request.method()).matches()) {
      throw malformed("The method is not a token.");
    }
    if (request.uri().length() > maxTargetBytes) {
      throw new Refusal(
          414,
          "The request target may have " + maxTargetBytes + " bytes.",
          Refusal.Reason.TARGET_TOO_LONG,
          Map.of());
    }
    List<String> hosts = request.headers().get("Host");
    if (hosts == null ? protocol.equals("HTTP/1.1") : hosts.size() != 1) {
      throw malformed("There must be one Host header.");
    }
  }

  private void headers(Map<String, List<String>> headers) {
    int count = 0;
    int bytes = 0;
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      for (String value : header.getValue()) {
        count++;
        bytes += header.getKey().length() + value.length() + 4;
        if (hasControl(value)) {
          throw malformed("A header value has control characters.");
        }
      }
    }
    if (count > maxHeaders || bytes > maxHeaderBytes) {
      throw new Refusal(
          431,
          "At most " + maxHeaders + " headers with " + maxHeaderBytes + " bytes together.",
          Refusal.Reason.HEADERS_TOO_LARGE,
          CLOSE);
    }
    List<String> lengths = headers.get("Content-Length");
    if (lengths != null && !DIGITS.matcher(lengths.get(0)).matches()) {
      throw malformed("The Content-Length is not a number.");
    }
  }

  private static boolean hasControl(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f) {
        return true;
      }
    }
    return false;
  }

  private static Refusal malformed(String detail) {
    return new Refusal(400, detail, Refusal.Reason.MALFORMED, CLOSE);
  }
}
