package dev.storageapi.http;

/**
 * How a request ended: the one truth that trace, access log and metrics record. Made once, after
 * the last byte or the cut.
 *
 * @param request what was asked
 * @param status the status sent; 499 when the client went away first, 408 when it was too slow, 500
 *     when the handler outlasted the limit for responses
 * @param requestBytes bytes of the request's body that were read
 * @param responseBytes bytes of the response's body that were handed to the socket
 * @param nanos from the parsed head of the request to the end, in nanoseconds
 */
public record Completion(
    Request request, int status, long requestBytes, long responseBytes, long nanos) {

  /** The client closed the connection before it had its answer (nginx's code for it). */
  public static final int CLIENT_CLOSED = 499;

  /** The client did not send its body in time, and the connection was closed. */
  public static final int REQUEST_TIMEOUT = 408;

  /** The duration in seconds, the unit of the metrics. */
  public double seconds() {
    return nanos / 1e9;
  }
}
