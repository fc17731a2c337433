package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * An API to fetch from on 127.0.0.1 that says what a test wants, for what the simulator does not
 * say, and remembers who asked when.
 *
 * <pre>{@code
 * try (TestUpstream upstream = TestUpstream.start()) {
 *   upstream.says("{\"documents\":[]}");
 *   …
 *   assertThat(upstream.asked()).hasSize(1);
 * }
 * }</pre>
 */
public final class TestUpstream implements AutoCloseable {

  /** One answer, which is sent after a delay. */
  public record Answer(int status, String body, Map<String, String> headers, Duration delay) {

    /** An answer that is sent at once. */
    public Answer(int status, String body) {
      this(status, body, Map.of(), Duration.ZERO);
    }
  }

  /** A request: when it came, when its answer was sent, and what it had in its head. */
  public record Asked(Instant at, Instant answered, Headers headers) {}

  private final HttpServer server;
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Supplier<Answer> answers;

  private TestUpstream(HttpServer server) {
    this.server = server;
    says("{\"documents\":[]}");
  }

  /** Starts one without documents on a free port. */
  public static TestUpstream start() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      TestUpstream upstream = new TestUpstream(server);
      server.createContext("/documents", upstream::answer);
      server.start();
      return upstream;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return server.getAddress().getPort();
  }

  /** From now on every request is answered by 200 with this body. */
  public void says(String json) {
    says(() -> new Answer(200, json));
  }

  /** From now on every request is answered by what this makes for it, one request at a time. */
  public void says(Supplier<Answer> made) {
    answers = made;
  }

  /** All requests that have been answered, in their order. */
  public List<Asked> asked() {
    return asked;
  }

  private void answer(HttpExchange exchange) throws IOException {
    Instant came = Instant.now();
    Answer answer = answers.get();
    answer.headers().forEach(exchange.getResponseHeaders()::add);
    byte[] body = answer.body().getBytes(UTF_8);
    await(answer.delay());
    asked.add(new Asked(came, Instant.now(), exchange.getRequestHeaders()));
    exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void await(Duration delay) {
    try {
      boolean unused = closed.await(delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
  }
}
