package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static dev.storageapi.RunningFeed.json;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Engine;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Row 17 for the feed's items: bodies that are none, or hostile; nothing of them is stored. */
@ParameterizedClass(name = "{0}")
@EnumSource(Engine.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FeedBodiesTest {

  private static final int LIMIT = 4 << 20;
  private static final int TIMES = 5;
  private static final Duration QUICK = Duration.ofMillis(500);

  /** What a refusal may say: never a piece of what was sent. */
  private static final Pattern DETAIL =
      Pattern.compile(
          "The body is (not a JSON object|nothing where JSON should be|"
              + "not acceptable JSON(| at byte -?[0-9]+|: a number beyond all measure|: not UTF-8))\\."
              + "|An item has title, id, published_at and data, and nothing else\\."
              + "|The id is a text of 1 to 255 characters that fit into a path\\."
              + "|The id of the body is not that of the path\\."
              + "|The title is a text of 1 to 1000 characters\\."
              + "|The published_at is a time of RFC 3339, of the years 1 to 9999\\."
              + "|The data is an object, in Unicode\\.");

  @Parameter private Engine engine;
  private RunningSimulator simulator;
  private RunningFeed feed;

  @BeforeParameterizedClassInvocation(injectArguments = false)
  void open(@TempDir Path folder) {
    simulator = RunningSimulator.with("SIMULATOR_MODE", "failing");
    feed =
        RunningFeed.of(
            simulator.port(),
            engine.emptyDatabase(folder),
            "SERVER_MAX_BODY_BYTES",
            Integer.toString(LIMIT));
  }

  @AfterParameterizedClassInvocation
  void close() {
    feed.close();
    simulator.close();
  }

  @AfterEach
  void nothingIsStored() {
    List<String> stored = feed.ids("");
    stored.forEach(feed::delete); // or else one failure is many
    assertThat(stored).isEmpty();
  }

  private HttpResponse<byte[]> post(byte[] body, String... headers) {
    return feed.app.send("POST", "/feed/items", body, headers);
  }

  private void assertRefused(HttpResponse<byte[]> answer) {
    assertThat(answer.statusCode()).as(body(answer)).isEqualTo(400);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(json(answer).get("detail").asText()).matches(DETAIL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "7",
        "\"title\"",
        "{",
        "{'title':'x'}",
        "{\"title\":\"x\",}",
        "{\"title\":\"x\"} {}",
        "{\"title\":\"x\"}\0",
        "/**/{\"title\":\"x\"}",
        "{\"title\":\"x\",\"data\":{\"n\":NaN}}",
        "{\"title\":\"x\",\"data\":{\"n\":01}}",
        "{\"title\":\"a\tb\"}",
        "title=x",
        "<item/>",
      })
  void whatIsNoJsonObjectIsRefused(String body) {
    assertRefused(feed.post(body));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-32BE", "ISO-8859-1"})
  void anEncodingOtherThanUtf8IsRefused(String charset) {
    assertRefused(post("{\"title\":\"ü\"}".getBytes(Charset.forName(charset))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\u00ed\u00a0\u0080", "\u00c0\u00ae", "\u00f5\u0080\u0080\u0080", "\u00ff"})
  void bytesThatAreNoUtf8AreRefused(String bytes) {
    for (String form : List.of("{\"title\":\"%s\"}", "{\"title\":\"t\",\"data\":{\"k\":\"%s\"}}")) {
      assertRefused(post(form.formatted(bytes).getBytes(ISO_8859_1)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"title\":null}",
        "{\"title\":\"\"}",
        "{\"title\":7}",
        "{\"title\":[\"x\"]}",
        "{\"title\":\"a\\u0000b\"}",
        "{\"title\":\"\\ud800\"}",
        "{\"title\":\"\\udc00\\ud800\"}",
        "{\"id\":\"x\"}",
        "{\"title\":\"x\",\"Title\":\"x\"}",
        "{\"title\":\"x\",\"secret\":\"x\"}",
        "{\"title\":\"x\",\"\":1}",
        "{\"title\":\"x\",\"id\":\"\"}",
        "{\"title\":\"x\",\"id\":7}",
        "{\"title\":\"x\",\"id\":\".\"}",
        "{\"title\":\"x\",\"id\":\"..\"}",
        "{\"title\":\"x\",\"id\":\"a/b\"}",
        "{\"title\":\"x\",\"id\":\"a\\u0000\"}",
        "{\"title\":\"x\",\"id\":\"a\\n\"}",
        "{\"title\":\"x\",\"id\":\"a\\u0085\"}",
        "{\"title\":\"x\",\"id\":\"\\udfff\"}",
        "{\"title\":\"x\",\"published_at\":\"\"}",
        "{\"title\":\"x\",\"published_at\":\"yesterday\"}",
        "{\"title\":\"x\",\"published_at\":\"2026-01-01\"}",
        "{\"title\":\"x\",\"published_at\":\"2026-01-01T00:00:00\"}",
        "{\"title\":\"x\",\"published_at\":\"2026-02-30T00:00:00Z\"}",
        "{\"title\":\"x\",\"published_at\":\"0000-12-31T23:59:59Z\"}",
        "{\"title\":\"x\",\"published_at\":\"9999-12-31T23:59:59-01:00\"}",
        "{\"title\":\"x\",\"published_at\":\"+10000-01-01T00:00:00Z\"}",
        "{\"title\":\"x\",\"published_at\":1767225600}",
        "{\"title\":\"x\",\"data\":[]}",
        "{\"title\":\"x\",\"data\":\"{}\"}",
        "{\"title\":\"x\",\"data\":7}",
        "{\"title\":\"x\",\"data\":{\"k\":\"\\ud800\"}}",
        "{\"title\":\"x\",\"data\":{\"\\ud800\":1}}",
      })
  void whatIsNoItemIsRefused(String body) {
    assertRefused(feed.post(body));
    assertRefused(feed.put("there-is-none", body));
  }

  @Test
  void lengthsHaveLimits() {
    String id = "{\"title\":\"t\",\"id\":\"%s\"}";
    assertRefused(feed.post("{\"title\":\"" + "t".repeat(1001) + "\"}"));
    assertRefused(feed.post(id.formatted("i".repeat(256))));
    assertRefused(feed.post(id.formatted("ü".repeat(129))));

    for (String longest : List.of("i".repeat(255), "ü".repeat(128))) {
      assertThat(feed.post(id.formatted(longest)).statusCode()).isEqualTo(201);
      assertThat(feed.delete(longest).statusCode()).isEqualTo(204);
    }
    assertThat(feed.post("{\"title\":\"" + "t".repeat(1000) + "\",\"id\":\"x\"}").statusCode())
        .isEqualTo(201);
    assertThat(feed.delete("x").statusCode()).isEqualTo(204);
  }

  @Test
  void theIdOfTheBodyIsThatOfThePath() {
    HttpResponse<byte[]> answer = feed.put("one", "{\"title\":\"x\",\"id\":\"other\"}");

    assertRefused(answer);
    assertThat(feed.put("one", "{\"title\":\"x\",\"id\":\"one\"}").statusCode()).isEqualTo(404);
  }

  static Stream<String> hostile() {
    String item = "{\"title\":\"x\",\"data\":{\"n\":%s}}";
    String names =
        String.join(",", IntStream.range(0, 5_000).mapToObj(i -> "\"n" + i + "\":1").toList());
    return Stream.of(
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        item.formatted("[".repeat(100_000) + "]".repeat(100_000)),
        item.formatted("{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000)),
        item.formatted("[".repeat(99) + "]".repeat(99)), // with the two around it 101
        item.formatted("1".repeat(1 << 20)),
        item.formatted("-0." + "1".repeat(1 << 20)),
        item.formatted("1e" + "1".repeat(1 << 20)),
        item.formatted("1e99999999999"),
        item.formatted("1e-99999999999"),
        "{\"title\":\"x\",\"title\":\"x\"}",
        "{\"title\":\"x\",\"\\u0074itle\":\"x\"}",
        item.formatted("{\"a\":1,\"a\":1}"),
        "{\"title\":\"x\",\"data\":{" + names + ",\"n0\":1}}",
        "\0".repeat(LIMIT),
        " ".repeat(LIMIT),
        "\"" + "x".repeat(LIMIT - 2) + "\"");
  }

  private static String start(String body) {
    return body.substring(0, Math.min(40, body.length()));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void whatIsMeantToKeepUsBusyIsRefusedAtOnce(String body) {
    double before = counted();
    int lines = lines();
    Duration best = Duration.ofDays(1);
    for (int i = 0; i < TIMES; i++) {
      long start = System.nanoTime();
      assertRefused(feed.post(body));
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      best = took.compareTo(best) < 0 ? took : best;
    }

    assertThat(best).as(start(body)).isLessThan(QUICK);
    await().until(() -> lines() >= lines + TIMES && counted() >= before + TIMES);
    assertThat(lines()).isEqualTo(lines + TIMES);
    assertThat(counted()).isEqualTo(before + TIMES);
  }

  private double counted() {
    return feed.scrape()
        .value("http_requests_total", "path", "/feed/items", "method", "POST", "status", "400");
  }

  private int lines() {
    return (int)
        feed.app.log().stream()
            .filter(line -> line.contains(" path=/feed/items ") && line.contains("_code=400 "))
            .count();
  }

  @Test
  void asMuchAsIsAllowedIsStored() {
    String deep = "[".repeat(98) + "]".repeat(98);
    String number = "1".repeat(1000);

    for (String value : List.of(deep, number, "1e2147483647")) {
      HttpResponse<byte[]> answer =
          feed.post("{\"id\":\"x\",\"title\":\"x\",\"data\":{\"n\":" + value + "}}");
      assertThat(answer.statusCode()).as(start(value)).isEqualTo(201);
      assertThat(body(feed.get("x"))).contains("{\"n\":" + value + "}");
      assertThat(feed.delete("x").statusCode()).isEqualTo(204);
    }
  }

  @Test
  void anEncodedBodyIsNotDecoded() {
    byte[] body = "{\"title\":\"x\"}".getBytes(UTF_8);
    for (String coding : List.of("gzip", "deflate", "br", "identity, gzip")) {
      assertThat(post(body, "Content-Encoding", coding).statusCode()).isEqualTo(415);
      assertThat(
              feed.app.send("PUT", "/feed/items/x", body, "Content-Encoding", coding).statusCode())
          .isEqualTo(415);
    }
  }

  @Test
  void aBodyOverTheLimitIsRefusedAsSuch() {
    assertThat(post(new byte[LIMIT + 1]).statusCode()).isEqualTo(413);
    assertThat(feed.app.send("PUT", "/feed/items/x", new byte[LIMIT + 1]).statusCode())
        .isEqualTo(413);
  }
}
