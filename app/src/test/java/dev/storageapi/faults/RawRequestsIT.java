package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Row 8: requests that two readers could read differently, with a second request hidden behind
 * each. {@code docs/server.md} has the table of what is seen on which JDK.
 */
@Tag("jdk")
final class RawRequestsIT {

  private static final Duration SOON = Duration.ofSeconds(5);
  private static final String HOST = "Host: x\r\n";
  private static final String CHUNKED = HOST + "Transfer-Encoding: chunked\r\n\r\n";
  private static final String PREFLIGHT =
      "OPTIONS /health HTTP/1.1\r\nOrigin: http://e\r\nAccess-Control-Request-Method: PUT\r\n";
  private static final String HIDDEN =
      "PUT /api/buckets/hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nH";

  private static ServiceProcess lenient;
  private static ServiceProcess strict;

  /** A request to {@code /api/buckets/a}: what follows the target, or the whole of it. */
  private record Raw(String name, String bytes) {

    static Raw put(String name, String headersAndBody) {
      return new Raw(name, "PUT /api/buckets/a HTTP/1.1\r\n" + headersAndBody);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  @BeforeAll
  static void start() {
    lenient = ServiceProcess.with(Map.of("SERVER_REQUEST_TIMEOUT", "2s")).start();
    strict =
        ServiceProcess.with(
                Map.of("SERVER_REQUEST_TIMEOUT", "2s", "SERVER_ACCEPT_CHUNKED", "false"))
            .start();
  }

  @AfterAll
  static void end() {
    lenient.close();
    strict.close();
  }

  /** What must be answered 400, 501 or 505, or closed. */
  static Stream<Raw> malformed() {
    return Stream.of(
        Raw.put(
            "both lengths",
            HOST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        Raw.put("two lengths", HOST + "Content-Length: 5\r\nContent-Length: 0\r\n\r\n"),
        Raw.put("one length twice", HOST + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
        Raw.put("a list of lengths", HOST + "Content-Length: 1, 1\r\n\r\nx"),
        Raw.put("a signed length", HOST + "Content-Length: +5\r\n\r\nhello"),
        Raw.put("a negative length", HOST + "Content-Length: -1\r\n\r\n"),
        Raw.put("an empty length", HOST + "Content-Length: \r\n\r\n"),
        Raw.put("a hexadecimal length", HOST + "Content-Length: 0x5\r\n\r\nhello"),
        Raw.put("a length beyond 64 bits", HOST + "Content-Length: 99999999999999999999\r\n\r\n"),
        Raw.put("a blank behind a name", HOST + "Content-Length : 71\r\n\r\n"),
        Raw.put("an unknown coding", HOST + "Transfer-Encoding: gzip\r\n\r\n"),
        Raw.put("two codings", HOST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        Raw.put(
            "codings twice",
            HOST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        Raw.put("no host", "Content-Length: 0\r\n\r\n"),
        Raw.put("two hosts", HOST + HOST + "Content-Length: 0\r\n\r\n"),
        Raw.put("NUL in a value", HOST + "X: a\0b\r\n\r\n"),
        Raw.put("ESC in a value", HOST + "X: a\33b\r\n\r\n"),
        Raw.put("NUL in a name", HOST + "X\0: ab\r\n\r\n"),
        Raw.put("a line without a colon", HOST + "nonsense\r\n\r\n"),
        Raw.put("a folded first line", " X: y\r\n" + HOST + "\r\n"),
        new Raw("HTTP/9.9", "PUT /api/buckets/a HTTP/9.9\r\n" + HOST + "\r\n"),
        new Raw("http/1.1", "PUT /api/buckets/a http/1.1\r\n" + HOST + "\r\n"),
        new Raw("words behind the version", "PUT /api/buckets/a HTTP/1.1 x\r\n" + HOST + "\r\n"),
        new Raw("no version", "PUT /api/buckets/a\r\n" + HOST + "\r\n"),
        new Raw("a control in the method", "P\1T /api/buckets/a HTTP/1.1\r\n" + HOST + "\r\n"),
        new Raw("a bracket in the method", "P(T /api/buckets/a HTTP/1.1\r\n" + HOST + "\r\n"),
        new Raw("a tab for a blank", "PUT\t/api/buckets/a HTTP/1.1\r\n" + HOST + "\r\n"),
        new Raw("a preflight without a host", PREFLIGHT + "\r\n"),
        new Raw(
            "a preflight with a signed length", PREFLIGHT + HOST + "Content-Length: +0\r\n\r\n"));
  }

  /** Chunked bodies that must be answered 400, or closed; 411 where chunks are refused. */
  static Stream<Raw> badChunks() {
    return Stream.of(
        Raw.put("a size that is no number", CHUNKED + "zz\r\nhello\r\n0\r\n\r\n"),
        Raw.put("a negative size", CHUNKED + "-1\r\nhello\r\n0\r\n\r\n"),
        Raw.put("a size with a prefix", CHUNKED + "0x5\r\nhello\r\n0\r\n\r\n"),
        Raw.put("a size of 32 bits", CHUNKED + "ffffffff\r\n\r\n"),
        Raw.put("a size line that ends with LF", CHUNKED + "5\nhello\r\n0\r\n\r\n"),
        Raw.put("a size line that ends with CR", CHUNKED + "5\rhello\r\n0\r\n\r\n"),
        Raw.put("a chunk without its end", CHUNKED + "5\r\nhelloXX0\r\n\r\n"),
        Raw.put("a trailer", CHUNKED + "0\r\nX: y\r\n\r\n"));
  }

  /** Chunked bodies that some JDK reads as whole: answered, but nothing behind them is read. */
  static Stream<Raw> misreadChunks() {
    return Stream.of(
        Raw.put("a size that overflows", CHUNKED + "100000000\r\n\r\n"),
        Raw.put("an empty size line", CHUNKED + "\r\n\r\n"),
        Raw.put(
            "a vertical tab before the coding",
            HOST + "Transfer-Encoding: \13chunked\r\n\r\n0\r\n\r\n"),
        Raw.put("a folded coding", HOST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        Raw.put("an extension", CHUNKED + "5;a=b\r\nhello\r\n0\r\n\r\n"),
        Raw.put("a proper body", CHUNKED + "5\r\nhello\r\n0\r\n\r\n"),
        new Raw(
            "chunks in HTTP/1.0",
            "PUT /api/buckets/a HTTP/1.0\r\nConnection: keep-alive\r\n" + CHUNKED + "0\r\n\r\n"));
  }

  private static Stream<Arguments> onBoth(Stream<Raw> raws) {
    return raws.flatMap(
        raw ->
            Stream.of(Arguments.of(raw, "chunks accepted"), Arguments.of(raw, "chunks refused")));
  }

  static Stream<Arguments> everyMalformed() {
    return onBoth(malformed());
  }

  static Stream<Arguments> everyBadChunk() {
    return onBoth(badChunks());
  }

  static Stream<Arguments> everyMisreadChunk() {
    return onBoth(misreadChunks());
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyMalformed")
  void aMalformedRequestIsRefusedOnceAndNothingBehindItIsRead(Raw raw, String chunks) {
    refusedOnce(raw, chunks, Set.of(400, 501, 505));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyBadChunk")
  void aMalformedChunkIsRefusedOnceAndNothingBehindItIsRead(Raw raw, String chunks) {
    refusedOnce(raw, chunks, chunks.endsWith("refused") ? Set.of(411) : Set.of(400));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("everyMisreadChunk")
  void nothingBehindAChunkedBodyIsRead(Raw raw, String chunks) {
    refusedOnce(raw, chunks, chunks.endsWith("refused") ? Set.of(400, 411) : Set.of(200, 400));
  }

  private static void refusedOnce(Raw raw, String chunks, Set<Integer> statuses) {
    ServiceProcess service = chunks.endsWith("refused") ? strict : lenient;
    int before = barrier(service);
    List<Answer> answers;
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(raw.bytes() + HIDDEN);
      answers = client.answersUntilClosed(SOON);
      assertThat(client.isClosed()).isTrue();
    }
    int after = barrier(service);
    assertThat(answers).hasSizeLessThanOrEqualTo(1);
    assertThat(answers).allSatisfy(answer -> assertThat(statuses).contains(answer.status()));
    // Each answer left one line, ours or the one about the JDK's; the barrier is the other.
    assertThat(after - before).isEqualTo(answers.size() + 1);
    assertThat(service.send("GET", "/api/buckets/hidden").statusCode()).isEqualTo(404);
    assertThat(service.accessLines())
        .noneMatch(line -> line.contains("method=PUT") && line.contains("hidden"));
  }

  /** How many requests have left a line, this one included. */
  private static int barrier(ServiceProcess service) {
    String id = service.send("GET", "/info").headers().firstValue("X-Request-ID").orElseThrow();
    service.awaitRequests(1, id);
    List<String> lines = service.lines();
    return (int)
        lines.stream()
            .filter(l -> l.contains(" msg=\"request\" ") || l.contains("refused by the JDK"))
            .filter(l -> !l.contains("url=/api/buckets/hidden method=GET"))
            .count();
  }

  @Test
  void everyAnswerIsSeenEvenWhereOnlyTheJdkCouldRefuse() {
    String bareCr = "PUT /api/buckets/b HTTP/1.1\r\nHost: x\r\nX: y\rContent-Length: 3\r\n\r\nabc";
    String bareCrAtTheEnd = "GET /api/buckets/b HTTP/1.1\r\nHost: x\r\nX: y\r\r\n\r\n";
    for (String request : List.of(bareCr, bareCrAtTheEnd)) {
      int before = barrier(strict);
      try (RawClient client = RawClient.connect(strict.port())) {
        client.write(request);
        List<Answer> answers = client.answersUntilClosed(Duration.ofSeconds(1));
        assertThat(answers).isNotEmpty();
        assertThat(barrier(strict) - before).isEqualTo(answers.size() + 1);
      }
    }
  }

  @Test
  void whatTheJdkRefusesByItselfIsCountedAndLogged() {
    Watch watch = Watch.of(lenient);
    try (RawClient client = RawClient.connect(lenient.port())) {
      client.write("nonsense\r\n\r\n");
      assertThat(client.answersUntilClosed(SOON))
          .singleElement()
          .extracting(Answer::status)
          .isEqualTo(400);
    }
    assertThat(watch.grown("http_requests_rejected_total", "reason", "unparseable")).isEqualTo(1);
    await()
        .untilAsserted(
            () ->
                assertThat(lenient.lines())
                    .anyMatch(
                        line -> line.contains("status_code=400 reason=\"Bad request line\"")));
  }

  @Test
  void requestsOnOneConnectionAreAnsweredInOrder() {
    String get = "GET /api/buckets/pipelined HTTP/1.1\r\nHost: x\r\n\r\n";
    try (RawClient client = RawClient.connect(lenient.port())) {
      client.write(
          "PUT /api/buckets/pipelined HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nP"
              + get
              + get);
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(client.answer().body()).isEqualTo("P");
      assertThat(client.answer().body()).isEqualTo("P");
    }
  }
}
