package dev.storageapi.http;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Reads the request's body, up to the limit of its route, before a handler runs. The announced
 * length is never trusted: memory is taken as bytes arrive, out of one budget for all bodies under
 * way. A body that ends early reaches no handler.
 */
public final class Bodies implements Filter {

  private static final int FIRST = 8 * 1024;

  /** How the JDK's ChunkedInputStream says that the client, not the network, is at fault. */
  private static final Pattern BAD_CHUNK =
      Pattern.compile("invalid chunk|missing chunk|chunk length");

  private final long maxBytes;
  private final long budget;
  private final AtomicLong taken = new AtomicLong();

  /**
   * A reader of bodies.
   *
   * @param maxBytes the limit of routes that name none, in bytes
   * @param budget the bytes that all bodies under way may hold together
   */
  public Bodies(long maxBytes, long budget) {
    this.maxBytes = maxBytes;
    this.budget = budget;
  }

  @Override
  public Response apply(Request request, Handler next) {
    Route route = request.route().orElse(null);
    BodyStream in = request.stream();
    if (route == null || in.length() == 0) {
      return next.handle(request);
    }
    String coding = request.header("Content-Encoding");
    if (coding != null
        && !coding.equalsIgnoreCase("identity")
        && !route.is(Route.Trait.ANY_CODING)) {
      throw new Refusal(
          415, "Send the body without a content coding.", Refusal.Reason.CONTENT_CODING, Map.of());
    }
    try (Lease lease = new Lease()) {
      long limit = route.maxBodyBytes() < 0 ? maxBytes : route.maxBodyBytes();
      request.body(read(in, limit, lease), lease::close);
      return next.handle(request);
    } catch (IOException e) {
      if (in.length() < 0 && BAD_CHUNK.matcher(e.getMessage() + "").lookingAt()) {
        throw new Refusal(
            400,
            "The chunks are malformed.",
            Refusal.Reason.MALFORMED,
            Map.of("Connection", "close"));
      }
      boolean slow = ExchangeAdapter.closedHere(e);
      return Response.cut(slow ? Completion.REQUEST_TIMEOUT : Completion.CLIENT_CLOSED);
    }
  }

  private static byte[] read(BodyStream in, long limit, Lease lease) throws IOException {
    long most = in.length() < 0 ? limit : in.length();
    if (most > limit) {
      throw tooLarge(limit);
    }
    byte[] buffer = new byte[0];
    int size = 0;
    while (!in.ended()) {
      if (size == buffer.length) {
        // One byte of room beyond the limit shows that a chunked body goes on.
        long room = in.length() < 0 ? limit + 1 : most;
        int next = (int) Math.min(Math.max(FIRST, 2L * size), room);
        lease.extend(next - size);
        buffer = Arrays.copyOf(buffer, next);
      }
      size += Math.max(0, in.read(buffer, size, buffer.length - size));
      if (size > limit) {
        throw tooLarge(limit);
      }
    }
    return size == buffer.length ? buffer : Arrays.copyOf(buffer, size);
  }

  private static Refusal tooLarge(long limit) {
    return new Refusal(
        413, "The body may have " + limit + " bytes.", Refusal.Reason.BODY_TOO_LARGE, Map.of());
  }

  /** What one request holds of the budget: given back before its client has the answer. */
  private final class Lease implements AutoCloseable {

    private long held;

    void extend(long bytes) {
      held += bytes;
      if (taken.addAndGet(bytes) > budget) {
        throw new Refusal(
            503,
            "Too many bytes are being received at once. Try again in a moment.",
            Refusal.Reason.UPLOAD_BUDGET,
            Map.of("Retry-After", "1"));
      }
    }

    @Override
    public void close() {
      taken.addAndGet(-held);
      held = 0;
    }
  }
}
