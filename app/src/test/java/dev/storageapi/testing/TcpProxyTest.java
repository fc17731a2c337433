package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import java.net.ConnectException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests of the proxy that loses, freezes and slows a network. */
final class TcpProxyTest {

  private static final Duration SHORT = Duration.ofMillis(300);
  private static final String GET = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";

  private final TestServer server =
      new TestServer(8, SHORT, Route.get("/x", request -> Response.text(200, "here"), 200));
  private final TcpProxy proxy = TcpProxy.start("127.0.0.1", server.port());

  @AfterEach
  void close() {
    proxy.close();
    server.close();
  }

  @Test
  void itPassesAnswersAndTheEnd() {
    try (RawClient client = RawClient.connect(proxy.port())) {
      client.write(GET);
      assertThat(client.answer().body()).isEqualTo("here");
      client.write(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
      assertThat(client.answer().body()).isEqualTo("here");
      client.readUntilClosed(Duration.ofSeconds(5));
      assertThat(client.isClosed()).isTrue();
    }
  }

  @Test
  void frozenItPassesNothingAndClosesNothing() {
    try (RawClient open = RawClient.connect(proxy.port())) {
      open.write(GET);
      assertThat(open.answer().status()).isEqualTo(200);
      proxy.freeze();
      try (RawClient late = RawClient.connect(proxy.port())) {
        open.write(GET);
        late.write(GET);
        assertThat(open.readUntilAnswered(SHORT)).isEmpty();
        assertThat(late.readUntilAnswered(SHORT)).isEmpty();
        assertThat(open.isClosed() || late.isClosed()).isFalse();
        proxy.thaw();
        assertThat(open.answer().status()).isEqualTo(200);
        assertThat(late.answer().status()).isEqualTo(200);
      }
    }
  }

  @Test
  void cutItClosesAllAndRefusesUntilRestored() {
    try (RawClient open = RawClient.connect(proxy.port())) {
      open.write(GET);
      assertThat(open.answer().status()).isEqualTo(200);
      proxy.cut();
      open.readUntilClosed(Duration.ofSeconds(5));
      assertThat(open.isClosed()).isTrue();
      assertThatThrownBy(() -> RawClient.connect(proxy.port()))
          .hasCauseInstanceOf(ConnectException.class);
    }
    proxy.restore();
    try (RawClient client = RawClient.connect(proxy.port())) {
      client.write(GET);
      assertThat(client.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void latencyDelaysEachDirection() {
    try (RawClient client = RawClient.connect(proxy.port())) {
      client.write(GET);
      assertThat(client.answer().status()).isEqualTo(200);
      proxy.latency(SHORT);
      long start = System.nanoTime();
      client.write(GET);
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(SHORT.multipliedBy(2));
    }
  }

  @Test
  void aConnectionEndsWhenTheServerIsGone() {
    server.close();
    try (RawClient client = RawClient.connect(proxy.port())) {
      client.readUntilClosed(Duration.ofSeconds(5));
      assertThat(client.isClosed()).isTrue();
    }
  }
}
