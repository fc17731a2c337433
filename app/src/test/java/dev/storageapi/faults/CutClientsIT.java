package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rows 2, 3 and 10, and the small form of row 1: clients that vanish, crawl or are too many. */
@Tag("jdk")
final class CutClientsIT {

  private static final String BUCKET = "/api/buckets/{id}";
  private static final int CONNECTIONS = 60;
  private static final int LARGE = 24 << 20;
  private static final Duration SOON = Duration.ofSeconds(6);

  private static ServiceProcess service;
  private final Watch watch = Watch.withBaseline(service);

  @BeforeAll
  static void start() {
    service =
        ServiceProcess.with(
                Map.of(
                    "SERVER_REQUEST_TIMEOUT", "2s",
                    "SERVER_RESPONSE_TIMEOUT", "2s",
                    "SERVER_MAX_CONNECTIONS", Integer.toString(CONNECTIONS),
                    "SERVER_UPLOAD_BUDGET_BYTES", "32MiB",
                    "STORAGE_MAX_OBJECT_BYTES", "24MiB",
                    "STORAGE_MAX_BYTES", "26MiB"))
            .start();
    assertThat(service.send("PUT", "/api/buckets/old", "old").statusCode()).isEqualTo(200);
    assertThat(service.send("PUT", "/api/buckets/large", "a".repeat(LARGE)).statusCode())
        .isEqualTo(200);
  }

  @AfterAll
  static void end() {
    service.close();
  }

  private static RawClient upload(String framing) {
    RawClient client = RawClient.connect(service.port());
    client.write("PUT /api/buckets/old HTTP/1.1\r\nHost: x\r\n" + framing);
    return client;
  }

  private static void awaitInFlight(int more) {
    await().until(() -> service.scrape().value("http_requests_in_flight") == 1 + more);
  }

  @Test
  void aCutUploadLeavesTheOldValue() {
    for (String framing :
        List.of("Content-Length: 9\r\n\r\nnew", "Transfer-Encoding: chunked\r\n\r\n9\r\nnew")) {
      RawClient reset = upload(framing);
      awaitInFlight(1);
      reset.reset();
      try (RawClient ended = upload(framing)) {
        awaitInFlight(1);
        ended.endOutput();
        assertThat(ended.readUntilClosed(SOON)).isEmpty();
      }
    }
    watch.assertSeen(4, BUCKET, "PUT", 499);
    assertThat(service.send("GET", "/api/buckets/old").body()).isEqualTo("old");
    assertThat(watch.lines("ERROR")).isEmpty();
    watch.assertBackAtBaseline();
  }

  @Test
  void aCutDownloadIs499() {
    try (RawClient client = RawClient.connect(service.port(), 4096)) {
      client.write("GET /api/buckets/large HTTP/1.1\r\nHost: x\r\n\r\n");
      awaitInFlight(1);
      client.reset();
    }
    watch.assertSeen(1, BUCKET, "GET", 499);
    assertThat(watch.lines("ERROR")).isEmpty();
    watch.assertBackAtBaseline();
  }

  @Test
  void slowReadersAreClosedAtTheResponseLimit() {
    List<RawClient> readers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      RawClient reader = RawClient.connect(service.port(), 4096);
      reader.write("GET /api/buckets/large HTTP/1.1\r\nHost: x\r\n\r\n");
      readers.add(reader);
    }
    awaitInFlight(20);
    await()
        .atMost(SOON)
        .until(() -> service.scrape().value("http_requests_in_flight") == 1); // threads are free
    watch.assertSeen(20, BUCKET, "GET", 499);
    for (RawClient reader : readers) {
      assertThat(reader.readUntilClosed(SOON).length()).isLessThan(LARGE);
      assertThat(reader.isClosed()).isTrue();
      reader.close();
    }
    watch.assertBackAtBaseline();
  }

  @Test
  void slowHeadersAndSlowBodiesAreClosedAtTheRequestLimit() {
    List<RawClient> slow = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      RawClient header = RawClient.connect(service.port());
      header.write("GET /health?slow HTTP/1.1\r\nHos");
      slow.add(header);
      slow.add(upload("Content-Length: 100\r\n\r\na"));
    }
    awaitInFlight(20);
    assertThat(service.send("GET", "/health").statusCode()).isEqualTo(200);
    long end = System.nanoTime() + SOON.toNanos();
    for (RawClient client : slow) {
      assertThat(client.readUntilClosed(Duration.ofNanos(end - System.nanoTime()))).isEmpty();
      assertThat(client.isClosed()).isTrue();
      client.close();
    }
    watch.assertSeen(20, BUCKET, "PUT", 408);
    assertThat(watch.lines()).noneMatch(line -> line.contains("slow"));
    assertThat(service.send("GET", "/api/buckets/old").body()).isEqualTo("old");
    watch.assertBackAtBaseline();
  }

  @Test
  void aBodyThatIsLateBecauseItsHeadWasIsA408() {
    try (RawClient client = RawClient.connect(service.port())) {
      client.write("PUT /api/buckets/old HTTP/1.1\r\nX: ");
      await().pollDelay(Duration.ofSeconds(1)).until(() -> client.write("a"));
      client.write("\r\nHost: x\r\nContent-Length: 9\r\n\r\nnew");
      assertThat(client.readUntilClosed(SOON)).isEmpty();
      assertThat(client.isClosed()).isTrue();
    }
    watch.assertSeen(1, BUCKET, "PUT", 408);
  }

  @Test
  void connectionsOverTheLimitAreClosedAtOnceAndTheOthersAreServed() {
    List<RawClient> open = new ArrayList<>();
    try {
      boolean full = false;
      while (!full) {
        RawClient client = RawClient.connect(service.port());
        client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        full = client.readUntilAnswered(SOON).isEmpty();
        if (full) {
          assertThat(client.isClosed()).isTrue();
          client.close();
        } else {
          open.add(client);
        }
      }
      assertThat(open).hasSizeBetween(CONNECTIONS - 10, CONNECTIONS); // some are the harness' own
      for (RawClient client : open) {
        client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(200);
      }
    } finally {
      open.forEach(RawClient::close);
    }
    watch.assertSeen(2 * open.size(), "/health", "GET", 200);
    watch.assertBackAtBaseline();
  }

  @Test
  void cutRequestsLeaveRoomForOthers() {
    for (int i = 0; i < 2 * CONNECTIONS; i++) {
      try (RawClient client = upload("Content-Length: 9\r\n\r\nnew")) {
        client.endOutput();
        assertThat(client.readUntilClosed(SOON)).isEmpty();
      }
    }
    watch.assertSeen(2 * CONNECTIONS, BUCKET, "PUT", 499);
    try (RawClient client = RawClient.connect(service.port())) {
      client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.answer().status()).isEqualTo(200);
    }
  }
}
