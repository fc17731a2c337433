package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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

  /** One answer. */
  public record Answer(int status, String body, Map<String, String> headers) {}

  /** A request: when it came, when its answer was sent, and what it had in its head. */
  public record Asked(Instant at, Instant answered, Headers headers) {}

  private final HttpServer server;
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
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
    says(() -> new Answer(200, json, Map.of()));
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
    asked.add(new Asked(came, Instant.now(), exchange.getRequestHeaders()));
    exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
