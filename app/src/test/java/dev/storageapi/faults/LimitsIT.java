package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rows 5, 6 and 7: headers, targets, bodies and the store beyond their limits. */
@Tag("jdk")
final class LimitsIT {

  private static final String BUCKET = "/api/buckets/{id}";
  private static final int LIMIT = 100_000;
  private static final Duration SOON = Duration.ofSeconds(5);

  private static ServiceProcess service;
  private final Watch watch = Watch.of(service);

  @BeforeAll
  static void start() {
    service =
        ServiceProcess.with(
                Map.of(
                    "STORAGE_MAX_OBJECT_BYTES", Integer.toString(LIMIT),
                    "STORAGE_MAX_BYTES", "300000",
                    "STORAGE_MAX_OBJECTS", "10",
                    "SERVER_UPLOAD_BUDGET_BYTES", "150000",
                    "SERVER_REQUEST_TIMEOUT", "2s"))
            .start();
  }

  @AfterAll
  static void end() {
    service.close();
  }

  private static List<Answer> answers(String request) {
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(request);
      List<Answer> answers = client.answersUntilClosed(SOON);
      assertThat(client.isClosed()).isTrue();
      return answers;
    }
  }

  private static Answer answer(String request) {
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(request);
      return client.answer();
    }
  }

  @Test
  void headersOver16KilobytesAre431() {
    List<Answer> answers =
        answers("GET /health HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(17_000) + "\r\n\r\n");
    assertThat(answers).singleElement().satisfies(a -> problem(a, 431));
    watch.assertSeen(1, "/health", "GET", 431);
    assertThat(watch.grown("http_requests_rejected_total", "reason", "headers_too_large"))
        .isEqualTo(1);
  }

  @Test
  void moreThan100HeadersAre431() {
    String headers =
        IntStream.range(0, 100).mapToObj(i -> "X" + i + ": a\r\n").collect(Collectors.joining());
    assertThat(answers("GET /health HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n"))
        .singleElement()
        .satisfies(a -> problem(a, 431));
    watch.assertSeen(1, "/health", "GET", 431);
  }

  @Test
  void headersBeyondTheServersOwnLimitsAreClosed() {
    Watch all = Watch.withBaseline(service);
    String many =
        IntStream.range(0, 201).mapToObj(i -> "X" + i + ": a\r\n").collect(Collectors.joining());
    for (String headers : List.of(many, "X: " + "a".repeat(70_000) + "\r\n")) {
      try (RawClient client = RawClient.connect(service.port())) {
        client.write("GET /health?beyond HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
        assertThat(client.readUntilClosed(SOON)).doesNotContain(" 200 ");
        assertThat(client.isClosed()).isTrue();
      }
    }
    all.assertBackAtBaseline();
    assertThat(watch.lines()).noneMatch(line -> line.contains("beyond"));
  }

  @Test
  void aTargetOver8KilobytesIs414() {
    Answer answer = answer("GET /" + "a".repeat(8192) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    problem(answer, 414);
    watch.assertSeen(1, "unmatched", "GET", 414);
  }

  @Test
  void aBodyOverTheLimitIsRefusedUnread() {
    Watch all = Watch.withBaseline(service);
    List<Answer> answers =
        answers(
            "PUT /api/buckets/large HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
                + "a".repeat(1000));
    assertThat(answers).singleElement().satisfies(a -> problem(a, 413));
    assertThat(answers.get(0).header("Connection")).isEqualTo("close");
    assertThat(service.send("GET", "/api/buckets/large").statusCode()).isEqualTo(404);
    watch.assertSeen(1, BUCKET, "PUT", 413);
    assertThat(watch.lines()).anyMatch(line -> line.contains(" request_bytes=0 "));
    all.assertBackAtBaseline();
  }

  @Test
  void aClientThatSendsAllOfTooMuchStillReadsItsAnswer() {
    String head = "PUT /api/buckets/large HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n";
    try (RawClient client = RawClient.connect(service.port())) {
      assertThat(client.write(head + "a".repeat(8_000_000))).isTrue(); // else many never read
      assertThat(client.answersUntilClosed(SOON)).singleElement().satisfies(a -> problem(a, 413));
    }
    watch.assertSeen(1, BUCKET, "PUT", 413);
  }

  @Test
  void aChunkedBodyIsReadNoFurtherThanTheLimit() {
    StringBuilder request =
        new StringBuilder(
            "PUT /api/buckets/large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; i++) {
      request.append("2710\r\n").append("a".repeat(10_000)).append("\r\n");
    }
    assertThat(answers(request + "0\r\n\r\n")).singleElement().satisfies(a -> problem(a, 413));
    assertThat(service.send("GET", "/api/buckets/large").statusCode()).isEqualTo(404);
    watch.assertSeen(1, BUCKET, "PUT", 413);
    assertThat(watch.lines()).anyMatch(line -> line.contains(" request_bytes=" + (LIMIT + 1)));
  }

  @Test
  void aBodyAtTheLimitIsStored() {
    assertThat(service.send("PUT", "/api/buckets/limit", "a".repeat(LIMIT)).statusCode())
        .isEqualTo(200);
    assertThat(service.send("GET", "/api/buckets/limit").body()).hasSize(LIMIT);
    assertThat(service.send("DELETE", "/api/buckets/limit").statusCode()).isEqualTo(500);
  }

  @Test
  void aStoreFullByBytesKeepsWhatItHas() {
    String old = "o".repeat(90_000);
    for (int i = 0; i < 3; i++) {
      assertThat(service.send("PUT", "/api/buckets/old" + i, old).statusCode()).isEqualTo(200);
    }
    assertThat(service.send("PUT", "/api/buckets/new", "n".repeat(90_000)).statusCode())
        .isEqualTo(507);
    assertThat(service.send("PUT", "/api/buckets/old0", "n".repeat(99_000)).statusCode())
        .isEqualTo(200);
    assertThat(service.send("PUT", "/api/buckets/old1", "n".repeat(100_000)).statusCode())
        .isEqualTo(200);
    assertThat(service.send("PUT", "/api/buckets/old1", "m".repeat(50_000)).statusCode())
        .isEqualTo(200);
    assertThat(service.send("GET", "/api/buckets/old2").body()).isEqualTo(old);
    assertThat(service.send("GET", "/api/buckets/new").statusCode()).isEqualTo(404);
    watch.assertSeen(1, BUCKET, "PUT", 507);
    for (int i = 0; i < 3; i++) {
      assertThat(service.send("DELETE", "/api/buckets/old" + i).statusCode()).isEqualTo(500);
    }
    assertThat(service.scrape().value("storage_bytes")).isZero();
  }

  @Test
  void aStoreFullByObjectsKeepsWhatItHas() {
    for (int i = 0; i < 10; i++) {
      assertThat(service.send("PUT", "/api/buckets/one" + i, "1").statusCode()).isEqualTo(200);
    }
    assertThat(service.send("PUT", "/api/buckets/one10", "1").statusCode()).isEqualTo(507);
    assertThat(service.send("PUT", "/api/buckets/one9", "2").statusCode()).isEqualTo(200);
    watch.assertSeen(1, BUCKET, "PUT", 507);
    for (int i = 0; i < 10; i++) {
      assertThat(service.send("GET", "/api/buckets/one" + i).body()).isEqualTo(i == 9 ? "2" : "1");
      assertThat(service.send("DELETE", "/api/buckets/one" + i).statusCode()).isEqualTo(500);
    }
    assertThat(service.scrape().value("storage_objects")).isZero();
  }

  @Test
  void uploadsOverTheBudgetAre503UntilTheOthersAreDone() {
    Watch all = Watch.withBaseline(service);
    String head = "PUT /api/buckets/b%d HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n";
    List<RawClient> clients = new ArrayList<>();
    try {
      RawClient first = RawClient.connect(service.port());
      clients.add(first);
      first.write(head.formatted(1) + "a".repeat(80_000));
      RawClient second = RawClient.connect(service.port());
      clients.add(second);
      await().until(() -> service.scrape().value("http_requests_in_flight") > 1);
      second.write(head.formatted(2) + "a".repeat(90_000));
      Answer refused = second.answer();
      problem(refused, 503);
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      first.write("a".repeat(10_000));
      assertThat(first.answer().status()).isEqualTo(200);
    } finally {
      clients.forEach(RawClient::close);
    }
    assertThat(service.send("PUT", "/api/buckets/b2", "a".repeat(90_000)).statusCode())
        .isEqualTo(200);
    watch.assertSeen(1, BUCKET, "PUT", 503);
    assertThat(watch.grown("http_requests_rejected_total", "reason", "upload_budget")).isEqualTo(1);
    assertThat(service.send("DELETE", "/api/buckets/b1").statusCode()).isEqualTo(500);
    assertThat(service.send("DELETE", "/api/buckets/b2").statusCode()).isEqualTo(500);
    all.assertBackAtBaseline();
  }

  private static void problem(Answer answer, int status) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.body()).contains(answer.header("X-Request-ID"));
  }
}
