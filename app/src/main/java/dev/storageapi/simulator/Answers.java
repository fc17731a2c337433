package dev.storageapi.simulator;

import dev.storageapi.http.Json;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What each {@link Mode} answers. Those that wait do so until {@link #close}; from then on they
 * answer at once.
 */
final class Answers implements AutoCloseable {

  /** Where the documents are said to have moved. */
  static final String MOVED = "/documents/moved";

  private static final String JSON = "application/json";
  private static final int LEVELS = 100_000;
  private static final Duration BETWEEN_BYTES = Duration.ofMillis(100);

  private final Documents documents;
  private final Duration delay;
  private final long hugeBytes;
  private final Duration retryAfter;
  private final CountDownLatch closed = new CountDownLatch(1);

  Answers(Documents documents, Duration delay, long hugeBytes, Duration retryAfter) {
    this.documents = documents;
    this.delay = delay;
    this.hugeBytes = hugeBytes;
    this.retryAfter = retryAfter;
  }

  /**
   * The answer in {@code mode}.
   *
   * @param headers what an answer that is thrown is to have in its head
   * @throws Refusal of the modes that answer with problem details
   */
  Response of(Mode mode, Request request, Map<String, String> headers) {
    return switch (mode) {
      case NORMAL -> current(request);
      case SLOW -> late(request);
      case TRICKLE -> Response.stream(JSON, this::trickle);
      case FAILING -> throw refusal(500, "The mode is failing.", headers);
      case UNAVAILABLE -> throw refusal(503, "The mode is unavailable.", later(headers));
      case LIMITED -> throw refusal(429, "The mode is limited.", later(headers));
      case GARBAGE -> json("<html><body>This is not JSON.</body></html>\n");
      case WRONG -> json("{\"message\":\"There are no documents in this.\"}\n");
      case DEEP -> json("{\"documents\":" + "[".repeat(LEVELS) + "]".repeat(LEVELS) + "}\n");
      case HUGE -> Response.stream(JSON, this::huge);
      case TRUNCATED -> Response.stream(JSON, this::half);
      case REDIRECT_INSIDE -> redirect("http://169.254.169.254/latest/meta-data/");
      case REDIRECT_FILE -> redirect("file:///etc/passwd");
      case REDIRECT_LOOP -> redirect("/documents");
      case MOVED -> redirect(MOVED);
    };
  }

  /** The documents, or 304 where the client has them already. */
  Response current(Request request) {
    Documents.Page page = documents.newest();
    Validators validators = Validators.of(page);
    return validators.on(
        validators.holdFor(request) ? Response.empty(304) : Response.json(200, body(page)));
  }

  private static Map<String, Object> body(Documents.Page page) {
    return Map.of("documents", page.documents());
  }

  private static Response json(String text) {
    return Response.bytes(200, JSON, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Response redirect(String location) {
    return Response.empty(302).with("Location", location);
  }

  private static Refusal refusal(int status, String detail, Map<String, String> headers) {
    return new Refusal(status, detail, Refusal.Reason.NONE, headers);
  }

  private Map<String, String> later(Map<String, String> headers) {
    Map<String, String> more = new HashMap<>(headers);
    more.put("Retry-After", Long.toString(Quota.seconds(retryAfter)));
    return more;
  }

  private Response late(Request request) {
    closedWithin(delay);
    return current(request);
  }

  private void trickle(OutputStream out) throws IOException {
    byte[] body = Json.bytes(body(documents.newest()));
    long end = System.nanoTime() + delay.toNanos();
    int sent = 0;
    out.flush(); // the head
    while (sent < body.length && System.nanoTime() < end && !closedWithin(BETWEEN_BYTES)) {
      out.write(body[sent]);
      out.flush();
      sent++;
    }
    out.write(body, sent, body.length - sent);
  }

  private void half(OutputStream out) throws IOException {
    byte[] body = Json.bytes(body(documents.newest()));
    out.write(body, 0, body.length / 2);
    out.flush();
    throw new IOException("cut as the mode wants it");
  }

  /** The same documents over and over, so that only their bytes give it away. */
  private void huge(OutputStream out) throws IOException {
    byte[] items = Json.bytes(documents.newest().documents());
    byte[] head = "{\"documents\":".getBytes(StandardCharsets.UTF_8);
    byte[] tail = "]}".getBytes(StandardCharsets.UTF_8);
    int end = items.length - 1; // without its bracket
    out.write(head);
    out.write(items, 0, end);
    items[0] = ',';
    long left = hugeBytes - head.length - end - tail.length;
    while (left >= end && closed.getCount() > 0) {
      out.write(items, 0, end);
      left -= end;
    }
    out.write(tail);
  }

  /** Waits; whether the waiting is over for good. */
  private boolean closedWithin(Duration time) {
    try {
      return closed.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
