package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How answers are framed and how long connections are kept. */
@Tag("jdk")
final class ConnectionsIT {

  private static final int IDLE = 5;

  private static ServiceProcess service;

  @BeforeAll
  static void start() {
    service =
        ServiceProcess.with(
                Map.of(
                    "STORAGE_DELETE_STATUS", "204",
                    "SERVER_MAX_IDLE_CONNECTIONS", Integer.toString(IDLE),
                    "SERVER_IDLE_TIMEOUT", "3s")) // longer than others pause
            .start();
  }

  @AfterAll
  static void end() {
    service.close();
  }

  @Test
  void anAnswerWithoutABodySaysSo() {
    try (RawClient client = RawClient.connect(service.port())) {
      client.write("PUT /api/buckets/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
      Answer put = client.answer();
      assertThat(put.header("Content-Length")).isEqualTo("0");
      assertThat(put.header("Transfer-Encoding")).isNull();
      client.write("HEAD /api/buckets/a HTTP/1.1\r\nHost: x\r\n\r\n");
      Answer head = client.answerToHead();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo("5");
      client.write("GET /api/buckets/a HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.answer().body()).isEqualTo("hello");
      client.write("DELETE /api/buckets/a HTTP/1.1\r\nHost: x\r\n\r\n");
      Answer delete = client.answer();
      assertThat(delete.status()).isEqualTo(204);
      assertThat(delete.header("Content-Length")).isNull();
      assertThat(delete.header("Transfer-Encoding")).isNull();
      client.write("HEAD /api/buckets/a HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.answerToHead().status()).isEqualTo(404);
    }
  }

  @Test
  void aKeptConnectionHasNoStalls() {
    long[] nanos = new long[101];
    try (RawClient client = RawClient.connect(service.port())) {
      for (int i = 0; i < nanos.length; i++) {
        long start = System.nanoTime();
        client.write("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(200);
        nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    assertThat(Duration.ofNanos(nanos[nanos.length / 2])).isLessThan(Duration.ofMillis(30));
  }

  @Test
  void moreIdleConnectionsThanTheLimitAreClosedAfterTheirAnswer() {
    List<RawClient> clients = new ArrayList<>();
    try {
      int closed = 0;
      for (int i = 0; i < IDLE + 3; i++) {
        RawClient client = RawClient.connect(service.port());
        clients.add(client);
        client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(200);
        client.readUntilClosed(Duration.ofMillis(200));
        closed += client.isClosed() ? 1 : 0;
      }
      assertThat(closed).isGreaterThanOrEqualTo(3);
    } finally {
      clients.forEach(RawClient::close);
    }
  }

  /** The JDK looks every ten seconds unless told otherwise. */
  @Test
  void idleAndSilentConnectionsAreClosedInTime() {
    try (RawClient idle = RawClient.connect(service.port());
        RawClient silent = RawClient.connect(service.port())) {
      idle.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(idle.answer().status()).isEqualTo(200);
      assertThat(idle.readUntilClosed(Duration.ofSeconds(8))).isEmpty();
      assertThat(idle.isClosed()).isTrue();
      silent.readUntilClosed(Duration.ofSeconds(1));
      assertThat(silent.isClosed()).isTrue();
    }
  }
}
