package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.TestServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Row 12: a handler throws. */
@Tag("jdk")
final class HandlerFailureIT {

  private static final String SECRET = "a detail that is nobody's business";

  private final CountDownLatch cut = new CountDownLatch(1);

  private final TestServer server =
      new TestServer(
          8,
          Duration.ZERO,
          Route.get("/exception", request -> fail(new IllegalStateException(SECRET))),
          Route.get("/unlisted", request -> fail(new UnsupportedOperationException(SECRET))),
          Route.get("/error", request -> fail(new AssertionError(SECRET))),
          Route.get("/recursion", HandlerFailureIT::recurse),
          Route.get("/header", request -> Response.empty(200).with("X", "a\r\nForged: b")),
          Route.get(
              "/stream",
              request ->
                  Response.stream(
                      "text/plain",
                      out -> {
                        out.write('a');
                        out.flush();
                        throw new IllegalStateException(SECRET);
                      })),
          Route.get(
              "/stream-error",
              request ->
                  Response.stream(
                      "text/plain",
                      out -> {
                        throw new AssertionError(SECRET);
                      })),
          Route.get(
              "/listener",
              request -> {
                request.onCompletion(completion -> fail(new AssertionError(SECRET)));
                return Response.text(200, "heard");
              }),
          Route.get(
              "/slow",
              request -> {
                awaitCut(); // The JDK's server cuts after 2 s, and looks every second.
                return Response.text(200, "late");
              }),
          Route.get("/fine", request -> Response.text(200, "fine")));

  @AfterEach
  void end() {
    server.close();
  }

  private static Response fail(RuntimeException e) {
    throw e;
  }

  private static Response fail(Error e) {
    throw e;
  }

  @SuppressWarnings("InfiniteRecursion") // on purpose
  private static Response recurse(dev.storageapi.http.Request request) {
    return recurse(request).with("X", "y");
  }

  private Answer get(String path) {
    try (RawClient client = RawClient.connect(server.port())) {
      client.write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
      Answer answer = client.answer();
      client.write("GET /fine HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.answer().body()).isEqualTo("fine"); // the connection serves on
      return answer;
    }
  }

  private void assertSeenOnce(String path, int status) {
    await().until(() -> !lines("msg=\"request\"", path).isEmpty());
    assertThat(lines("msg=\"request\"", path))
        .singleElement()
        .asString()
        .contains("status_code=" + status);
    String[] labels = {"path", path, "method", "GET", "status", Integer.toString(status)};
    assertThat(server.scrape().value("http_requests_total", labels)).isEqualTo(1);
    assertThat(server.scrape().sum("http_requests_total", "path", path)).isEqualTo(1);
  }

  private List<String> lines(String... parts) {
    return server.lines().stream()
        .filter(line -> List.of(parts).stream().allMatch(line::contains))
        .toList();
  }

  private void isAProblemAndSeenOnce(String path, String exception, String label) {
    Answer answer = get(path);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.body())
        .contains("\"request_id\":\"" + answer.header("X-Request-ID") + "\"")
        .doesNotContain(SECRET, exception, "dev.storageapi");
    assertSeenOnce(path, 500);
    assertThat(lines("lvl=[ERROR]")).singleElement().asString().contains(exception, "\\n\\tat ");
    assertThat(lines("lvl=[ERROR]", answer.header("X-Request-ID"))).hasSize(1);
    assertThat(
            server
                .scrape()
                .value(
                    "http_request_exceptions_total",
                    "path",
                    path,
                    "method",
                    "GET",
                    "exception",
                    label))
        .isEqualTo(1);
  }

  @Test
  void anExceptionIsA500WithTheRequestIdLoggedOnceAndCounted() {
    isAProblemAndSeenOnce("/exception", "IllegalStateException", "IllegalStateException");
  }

  @Test
  void anExceptionThatIsNotListedIsCountedAsOther() {
    isAProblemAndSeenOnce("/unlisted", "UnsupportedOperationException", "other");
  }

  @Test
  void anErrorIsNoDifferent() {
    isAProblemAndSeenOnce("/error", "AssertionError", "other");
  }

  @Test
  void anEndlessRecursionIsNoDifferent() {
    isAProblemAndSeenOnce("/recursion", "StackOverflowError", "StackOverflowError");
  }

  @Test
  void anAnswerThatCannotBeWrittenIsClosedLoggedAndCounted() {
    for (String path : List.of("/header", "/stream")) {
      try (RawClient client = RawClient.connect(server.port())) {
        client.write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        Optional<Answer> answer = client.readUntilAnswered(Duration.ofSeconds(5));
        assertThat(answer).isEmpty();
        assertThat(client.isClosed()).isTrue();
      }
      assertSeenOnce(path, 500);
    }
    assertThat(lines("lvl=[ERROR]")).hasSize(2);
    await().until(() -> server.inFlight() == 0);
  }

  @Test
  void runningOutOfMemoryEndsTheProcess() {
    try (ServiceProcess service =
        ServiceProcess.with(Map.of("STORAGE_MAX_BYTES", "1GiB")).jvm("-Xmx24m").start()) {
      String object = "a".repeat(1 << 20);
      for (int i = 0; i < 64 && service.isAlive(); i++) {
        try (RawClient client = RawClient.connect(service.port())) {
          client.write(
              "PUT /api/buckets/%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(i, object.length(), object));
          client.readUntilAnswered(Duration.ofSeconds(5));
        } catch (java.io.UncheckedIOException e) {
          break; // it has gone
        }
      }
      assertThat(service.exitCode()).isEqualTo(3);
      assertThat(service.errors()).contains("OutOfMemoryError");
    }
  }

  @Test
  void anErrorWhileAStreamIsWrittenClosesTheConnectionAndIsCountedAs500() {
    try (RawClient client = RawClient.connect(server.port())) {
      client.write("GET /stream-error HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readUntilClosed(Duration.ofSeconds(5))).doesNotContain(SECRET);
    }
    assertSeenOnce("/stream-error", 500);
  }

  @Test
  void aListenerThatFailsKeepsNobodyFromHearing() {
    assertThat(get("/listener").body()).isEqualTo("heard");
    assertSeenOnce("/listener", 200);
  }

  @Test
  void aHandlerThatOutlastsTheResponseLimitIsOurFaultAndNotTheClients() {
    try (RawClient client = RawClient.connect(server.port())) {
      client.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readUntilClosed(Duration.ofSeconds(8))).isEmpty();
    }
    cut.countDown();
    assertSeenOnce("/slow", 500);
  }

  private void awaitCut() {
    try {
      assertThat(cut.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
