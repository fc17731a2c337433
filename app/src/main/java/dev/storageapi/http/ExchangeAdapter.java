package dev.storageapi.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only place that touches {@link HttpExchange}: makes a {@link Request} of it, has it answered,
 * writes the {@link Response} once, and tells the listeners how it ended.
 *
 * <p>Three rules of the JDK's server shape it. A handler that throws leaves the client without an
 * answer, so everything is caught. An exchange that is closed before its headers are sent leaks its
 * connection, so it is left by sending or by throwing {@link IOException}, on which the server
 * closes. And the server reads what is left of a request's body for up to 64 KiB before it drops
 * the connection with the answer perhaps unread, so a larger rest is read here, for a short time.
 */
final class ExchangeAdapter implements HttpHandler {

  private static final Logger log = LoggerFactory.getLogger(ExchangeAdapter.class);

  /** What the JDK's streams say when their connection was closed between two uses. */
  private static final Set<String> CLOSED_HERE =
      Set.of("stream is closed", "Stream is closed", "Stream closed");

  private static final int PIECE_BYTES = 32 * 1024;
  private static final long JDK_DRAINS_BYTES = 64 * 1024;
  private static final Duration DRAIN = Duration.ofSeconds(2);

  private final Server server;
  private final Router router;
  private final Handler chain;

  ExchangeAdapter(Server server, Router router, Handler chain) {
    this.server = server;
    this.router = router;
    this.chain = chain;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    Request request = request(exchange);
    boolean counted = !request.is(Route.Trait.STREAM);
    server.begin(request, counted);
    try {
      serve(exchange, request);
    } finally {
      server.end(counted);
    }
  }

  private void serve(HttpExchange exchange, Request request) throws IOException {
    CountedOutput out = new CountedOutput(exchange.getResponseBody());
    int status = Completion.CLIENT_CLOSED;
    long answered = System.nanoTime();
    try {
      Response response = answer(request);
      answered = System.nanoTime();
      if (response.isCut()) {
        status = response.status();
        throw new IOException("nobody is there to answer");
      }
      send(exchange, request, response, out);
      status = response.status();
    } catch (IOException e) {
      long handled = answered - request.startNanos();
      if (closedHere(e) && handled > System.nanoTime() - answered) {
        status = 500; // it was the handler that took the time
        log.warn("the handler took longer than the limit for responses", e);
      }
      throw e;
    } catch (Refusal e) {
      status = e.status(); // what the answer is made of was lost while it was being written
      log.warn("the answer is cut: {}", e.getMessage());
      throw new IOException(e);
    } catch (RuntimeException | Error e) {
      status = 500;
      rethrowIfOutOfMemory(e);
      log.error("the answer cannot be written, closing", e);
      throw new IOException(e); // the JDK's server closes on this, and on nothing else
    } finally {
      complete(request, status, out.count);
    }
    if (!request.stream().ended()) {
      drain(request.stream());
    }
    out.close();
  }

  /**
   * Whether the JDK's server closed the connection, for one of its time limits, and not the client.
   */
  static boolean closedHere(IOException e) {
    return e instanceof ClosedChannelException || CLOSED_HERE.contains(e.getMessage() + "");
  }

  private Request request(HttpExchange exchange) {
    Headers headers = exchange.getRequestHeaders();
    return new Request(
        exchange.getRequestMethod(),
        exchange.getRequestURI().toString(),
        exchange.getProtocol(),
        Target.of(exchange.getRequestURI()),
        headers,
        exchange.getRemoteAddress().getAddress().getHostAddress(),
        new BodyStream(exchange.getRequestBody(), length(headers)),
        router);
  }

  /**
   * The announced length; the JDK's server has refused what is no number, or both forms at once.
   */
  private static long length(Headers headers) {
    if (headers.containsKey("Transfer-Encoding")) {
      return -1;
    }
    String length = headers.getFirst("Content-Length");
    return length == null ? 0 : Long.parseLong(length);
  }

  private Response answer(Request request) {
    try {
      return chain.handle(request);
    } catch (RuntimeException | Error cause) {
      rethrowIfOutOfMemory(cause);
      log.error("a filter failed", cause);
      return Response.empty(500);
    }
  }

  /** Without memory nothing can be promised any more: Main ends the process. */
  private static void rethrowIfOutOfMemory(Throwable cause) {
    if (cause instanceof OutOfMemoryError e) {
      throw e;
    }
  }

  private void send(HttpExchange exchange, Request request, Response response, CountedOutput out)
      throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("X-Request-ID", request.id());
    if (!request.trace().response().isEmpty()) {
      headers.set("traceresponse", request.trace().response());
    }
    headers.set("X-Content-Type-Options", "nosniff");
    response.headers().forEach(headers::set);
    if (server.isDraining() || mustClose(request.stream())) {
      headers.set("Connection", "close");
    }
    byte[] body = response.body();
    if (request.method().equals("HEAD")) {
      if (response.stream() == null && response.status() != 304) {
        headers.set("Content-Length", Integer.toString(body.length));
      }
      exchange.sendResponseHeaders(response.status(), -1);
    } else if (response.stream() != null) {
      exchange.sendResponseHeaders(response.status(), 0); // 0 means chunked here
      response.stream().writeTo(out);
    } else {
      exchange.sendResponseHeaders(response.status(), body.length == 0 ? -1 : body.length);
      if (body.length > 0) {
        write(body, out);
      }
    }
  }

  /**
   * Writes in pieces: each connection of the JDK's server keeps a buffer of twice the largest write
   * that there ever was on it.
   */
  private static void write(byte[] body, OutputStream out) throws IOException {
    for (int start = 0; start < body.length; start += PIECE_BYTES) {
      out.write(body, start, Math.min(PIECE_BYTES, body.length - start));
    }
    out.flush();
  }

  /**
   * Whether more of the body is to come than the JDK's server would read to keep the connection, or
   * the body came in chunks: some of its sizes are misread, and what follows them must not become a
   * request.
   */
  private static boolean mustClose(BodyStream body) {
    return body.length() < 0 || (!body.ended() && body.length() - body.count() > JDK_DRAINS_BYTES);
  }

  /**
   * Reads on for a while, so that a client still sending gets its answer before the close. A read
   * that waits is ended by an interrupt, which closes the channel.
   *
   * @throws IOException if the body did not end in time: the JDK's server then closes
   */
  @SuppressWarnings("try") // the deadline is there to be closed
  private void drain(BodyStream body) throws IOException {
    byte[] buffer = new byte[(int) JDK_DRAINS_BYTES];
    long end = System.nanoTime() + DRAIN.toNanos();
    try (Server.Deadline deadline = server.interruptAfter(DRAIN)) {
      while (!body.ended() && System.nanoTime() < end) {
        body.read(buffer, 0, buffer.length);
      }
    }
    if (!body.ended()) {
      throw new IOException("the body goes on");
    }
  }

  private static void complete(Request request, int status, long responseBytes) {
    long nanos = System.nanoTime() - request.startNanos();
    Completion completion =
        new Completion(request, status, request.stream().count(), responseBytes, nanos);
    List<Consumer<Completion>> listeners = request.listeners();
    for (int i = listeners.size() - 1; i >= 0; i--) {
      try {
        listeners.get(i).accept(completion);
      } catch (RuntimeException | Error e) {
        rethrowIfOutOfMemory(e);
        log.error("a completion listener failed", e);
      }
    }
  }

  /** Counts what was handed to the socket. */
  private static final class CountedOutput extends FilterOutputStream {

    private long count;

    CountedOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      count += length;
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
