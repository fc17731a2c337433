package dev.storageapi.http;

import java.util.Map;

/**
 * The request cannot be served, for a reason that the client should know: answered as problem
 * details (RFC 9457) by {@link Errors}. The detail never repeats the client's input.
 */
public final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final transient Reason reason;
  private final transient Map<String, String> headers;

  /** Why requests are turned away before or instead of a handler: a closed set, it is a label. */
  public enum Reason {
    /** Not HTTP as it should be: target, version, host, header characters. */
    MALFORMED,
    /** The target is longer than the limit. */
    TARGET_TOO_LONG,
    /** More headers, or longer ones, than the limits. */
    HEADERS_TOO_LARGE,
    /** The body is larger than the limit. */
    BODY_TOO_LARGE,
    /** A chunked body, and the setting refuses those. */
    CHUNKED_BODY,
    /** A content coding of the request's body that is not supported. */
    CONTENT_CODING,
    /** Too many requests at once. */
    OVERLOAD,
    /** Too many bytes of bodies are being received at once. */
    UPLOAD_BUDGET,
    /** Too many bytes of answers are being sent at once. */
    ANSWER_BUDGET,
    /** Too many live pages are open. */
    VIEWERS,
    /** Refused by the JDK's server itself: see {@link RefusedByJdk}. */
    UNPARSEABLE,
    /** An error of the request that its handler reports. */
    NONE;

    /** The label's value, in lower case. */
    public String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** A refusal by a handler. */
  public Refusal(int status, String detail) {
    this(status, detail, Reason.NONE, Map.of());
  }

  /** A refusal that is counted by its reason, with extra headers. */
  public Refusal(int status, String detail, Reason reason, Map<String, String> headers) {
    super(detail, null, false, false);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }

  int status() {
    return status;
  }

  Reason reason() {
    return reason;
  }

  Map<String, String> headers() {
    return headers;
  }
}
