package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static dev.storageapi.RunningFeed.encoded;
import static dev.storageapi.RunningFeed.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.testing.Engine;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients write into the feed and read from it, on each database. */
@ParameterizedClass(name = "{0}")
@EnumSource(Engine.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FeedItemsTest {

  @Parameter private Engine engine;
  private RunningSimulator simulator;
  private RunningFeed feed;

  @BeforeParameterizedClassInvocation(injectArguments = false)
  void open(@TempDir Path folder) {
    simulator = RunningSimulator.with("SIMULATOR_MODE", "failing");
    feed = RunningFeed.of(simulator.port(), engine.emptyDatabase(folder), "FEED_MAX_PAGE", "200");
  }

  @AfterParameterizedClassInvocation
  void close() {
    feed.close();
    simulator.close();
  }

  @BeforeEach
  void empty() {
    feed.walk(200).forEach(feed::delete);
  }

  private JsonNode add(String body) {
    HttpResponse<byte[]> answer = feed.post(body);
    assertThat(answer.statusCode()).as(body(answer)).isEqualTo(201);
    return json(answer);
  }

  private static String item(String id, String publishedAt) {
    return "{\"id\":\"%s\",\"title\":\"t\",\"published_at\":\"%s\"}".formatted(id, publishedAt);
  }

  @Test
  void aPostedItemIsAnsweredInFullAndFoundWhereLocationSays() {
    Instant before = Instant.now();

    HttpResponse<byte[]> answer =
        feed.post("{\"title\":\"High water\",\"id\":\"a b|ü+%*\",\"data\":{\"cm\":1.10}}");

    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
    assertThat(header(answer, "Location")).isEqualTo("/feed/items/a%20b%7C%C3%BC%2B%25*");
    JsonNode item = json(answer);
    assertThat(item.fieldNames())
        .toIterable()
        .containsExactly("id", "title", "published_at", "data", "fetched_at");
    assertThat(item.get("id").asText()).isEqualTo("a b|ü+%*");
    assertThat(item.get("title").asText()).isEqualTo("High water");
    assertThat(item.get("data")).hasToString("{\"cm\":1.1}");
    assertThat(body(answer)).contains("1.10");
    for (String time : List.of("published_at", "fetched_at")) {
      assertThat(Instant.parse(item.get(time).asText()))
          .isBetween(before.minusMillis(1), Instant.now());
    }
    assertThat(body(feed.app.get(header(answer, "Location")))).isEqualTo(body(answer));
    assertThat(body(feed.app.get("/feed/items")))
        .isEqualToIgnoringNewLines("[" + body(answer) + "]");
  }

  @Test
  void whatAClientLeavesOutIsMadeUp() {
    JsonNode one = add("{\"title\":\"x\"}");
    JsonNode other =
        add("{\"title\":\"x\",\"id\":null,\"published_at\":null,\"data\":null,\"fetched_at\":7}");

    assertThat(one.get("id").asText()).hasSize(36).isNotEqualTo(other.get("id").asText());
    for (JsonNode item : List.of(one, other)) {
      assertThat(item.get("data")).hasToString("{}");
      assertThat(item.get("published_at")).isEqualTo(item.get("fetched_at"));
      assertThat(Duration.between(Instant.parse(item.get("published_at").asText()), Instant.now()))
          .isBetween(Duration.ZERO.minusMillis(1), Duration.ofSeconds(10));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0001-01-01T00:00:00Z, 0001-01-01T00:00:00Z",
    "1582-10-10T12:00:00Z, 1582-10-10T12:00:00Z",
    "1969-12-31T23:59:59.000001Z, 1969-12-31T23:59:59.000001Z",
    "2026-06-01T00:30:00.123456789+02:00, 2026-05-31T22:30:00.123456Z",
    "9999-12-31T23:59:59.999999999Z, 9999-12-31T23:59:59.999999Z",
  })
  void timesAreKeptToTheMicrosecondAndToldInUtc(String sent, String told) {
    add(item("time", sent));

    assertThat(feed.item("time").get("published_at").asText()).isEqualTo(told);
  }

  @Test
  void numbersAreTheOnesThatWereSentToTheDigit() {
    String data =
        "{\"a\":12345678901234567890.123456789012345678901234567890,\"b\":1.10,\"c\":[0.0,-0.0,-0],"
            + "\"d\":1e5,\"e\":1E-400,\"f\":100,\"g\":9007199254740993}";

    add("{\"id\":\"exact\",\"title\":\"t\",\"data\":" + data + "}");

    assertThat(body(feed.get("exact"))).contains("\"data\":" + data + ",");
    assertThat(body(feed.put("exact", body(feed.get("exact"))))).contains("\"data\":" + data + ",");
  }

  @Test
  void textsAreStoredAsTheyAre() {
    String title = "'); DROP TABLE feed_items; -- \\u0027 \\\" \\\\ \uD83C\uDF0A \u2028 % _ ? ${x}";
    String data = "{\"k\\u0000\":\"\\u0000\\n\uD83C\uDF0A\",\"\":{\"$\":[null,true,[]]}}";

    add("{\"id\":\"text\",\"title\":\"" + title + "\",\"data\":" + data + "}");

    JsonNode stored = feed.item("text");
    assertThat(stored.get("title").asText())
        .isEqualTo("'); DROP TABLE feed_items; -- ' \" \\ \uD83C\uDF0A \u2028 % _ ? ${x}");
    assertThat(stored.get("data").get("k\0").asText()).isEqualTo("\0\n\uD83C\uDF0A");
    assertThat(stored.get("data").get("").get("$")).hasToString("[null,true,[]]");
  }

  @Test
  void anItemIsReadReplacedAndRemovedUnderItsId() {
    String added = add(item("one", "2026-01-01T00:00:00Z")).get("fetched_at").asText();

    HttpResponse<byte[]> replaced =
        feed.put("one", "{\"title\":\"new\",\"published_at\":\"2026-02-01T00:00:00Z\"}");

    assertThat(replaced.statusCode()).isEqualTo(200);
    assertThat(json(replaced).get("title").asText()).isEqualTo("new");
    assertThat(json(replaced).get("published_at").asText()).isEqualTo("2026-02-01T00:00:00Z");
    assertThat(Instant.parse(json(replaced).get("fetched_at").asText()))
        .isAfter(Instant.parse(added));
    assertThat(body(feed.get("one"))).isEqualTo(body(replaced));
    assertThat(feed.delete("one").statusCode()).isEqualTo(204);
    assertThat(feed.get("one").statusCode()).isEqualTo(404);
    assertThat(feed.delete("one").statusCode()).isEqualTo(404);
    assertThat(feed.put("one", "{\"title\":\"new\"}").statusCode()).isEqualTo(404);
    assertThat(add(item("one", "2026-01-01T00:00:00Z")).get("title").asText()).isEqualTo("t");
  }

  @Test
  void anItemAsItWasServedCanBeSentBack() {
    add(item("one", "2026-01-01T00:00:00Z"));
    String served = body(feed.get("one"));

    assertThat(feed.put("one", served).statusCode()).isEqualTo(200);
    assertThat(feed.delete("one").statusCode()).isEqualTo(204);
    assertThat(feed.post(served).statusCode()).isEqualTo(201);
    assertThat(feed.item("one").get("published_at").asText()).isEqualTo("2026-01-01T00:00:00Z");
  }

  @Test
  void anIdThatIsTakenIsAConflictAndChangesNothing() {
    add(item("one", "2026-01-01T00:00:00Z"));
    String before = body(feed.get("one"));

    HttpResponse<byte[]> answer = feed.post("{\"id\":\"one\",\"title\":\"other\"}");

    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(body(feed.get("one"))).isEqualTo(before);
  }

  @Test
  void headOptionsAndOtherMethodsAreAsOnEveryRoute() {
    add(item("one", "2026-01-01T00:00:00Z"));

    assertThat(feed.app.send("HEAD", "/feed/items/one", new byte[0]).statusCode()).isEqualTo(200);
    assertThat(header(feed.app.send("OPTIONS", "/feed/items", new byte[0]), "Allow"))
        .contains("GET", "POST")
        .doesNotContain("DELETE");
    HttpResponse<byte[]> patch = feed.app.send("PATCH", "/feed/items/one", new byte[0]);
    assertThat(patch.statusCode()).isEqualTo(405);
    assertThat(header(patch, "Allow")).contains("GET", "PUT", "DELETE");
    assertThat(feed.app.send("POST", "/feed", new byte[0]).statusCode()).isEqualTo(405);
  }

  @Test
  void itemsComeNewestFirstThenById() {
    add(item("b", "2026-01-02T00:00:00Z"));
    add(item("a", "2026-01-02T00:00:00Z"));
    add(item("B", "2026-01-02T00:00:00Z"));
    add(item("old", "2026-01-01T23:59:59.999999Z"));
    add(item("new", "2026-01-02T00:00:00.000001Z"));

    assertThat(feed.ids("")).containsExactly("new", "B", "a", "b", "old");
    assertThat(feed.ids("?limit=2")).containsExactly("new", "B");
    assertThat(feed.ids("?limit=2&after=B")).containsExactly("a", "b");
    assertThat(feed.ids("?after=b")).containsExactly("old");
    assertThat(feed.ids("?after=old")).isEmpty();
  }

  @Test
  void pagesOfItemsOfOneTimeHaveNoGapsAndNoRepeats() {
    List<String> times =
        List.of("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-01-02T00:00:00Z");
    Random random = new Random(7);
    record Sent(String id, Instant at) {}
    List<Sent> sent = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      String time = times.get(random.nextInt(3));
      sent.add(new Sent("i-" + random.nextInt(100) + "-" + i, Instant.parse(time)));
      add(item(sent.get(i).id(), time));
    }
    sent.sort(Comparator.comparing(Sent::at).reversed().thenComparing(Sent::id));
    List<String> expected = sent.stream().map(Sent::id).toList();

    for (int limit : new int[] {1, 7, 119, 120, 200}) {
      assertThat(feed.walk(limit)).as("pages of %d", limit).isEqualTo(expected);
    }
  }

  @Test
  void aPageHasAHundredItemsUnlessItIsAskedForOthers() {
    for (int i = 0; i < 101; i++) {
      add("{\"title\":\"t\"}");
    }

    assertThat(feed.ids("")).hasSize(100);
    assertThat(feed.ids("?limit=101")).hasSize(101);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "201",
        "abc",
        "1.5",
        "",
        "%201",
        "1e1",
        "99999999999999999999",
        "%D9%A1"
      })
  void aBadLimitIsRefused(String limit) {
    HttpResponse<byte[]> answer = feed.app.get("/feed/items?limit=" + limit);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).get("detail").asText())
        .isEqualTo("The limit parameter is a whole number, 1 to 200.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "none",
        "",
        "' OR '1'='1",
        "'; DROP TABLE feed_items; --",
        "one' --",
        "ONE",
        "one ",
        "one\0",
        "\0",
        "%",
        "_ne",
      })
  void anAfterThatIsNoItemsIdIsRefused(String after) {
    add(item("one", "2026-01-01T00:00:00Z"));

    HttpResponse<byte[]> answer = feed.app.get("/feed/items?after=" + encoded(after));

    assertThat(answer.statusCode()).as(body(answer)).isEqualTo(400);
    assertThat(json(answer).get("detail").asText())
        .isEqualTo("The after parameter is not the id of an item.");
    assertThat(feed.ids("")).containsExactly("one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "' OR '1'='1",
        "'; DROP TABLE feed_items; --",
        "\"; DELETE FROM feed_deleted; --",
        "?",
        "$1",
        "${byte_order}",
        "{d '2026-01-01'}",
        "\\",
        "%00",
        "null",
        "ÿ\uD83C\uDF0A",
      })
  void anIdIsStoredAndFoundAsItIs(String id) {
    String body =
        "{\"id\":\"%s\",\"title\":\"t\"}".formatted(id.replace("\\", "\\\\").replace("\"", "\\\""));
    HttpResponse<byte[]> answer = feed.post(body);

    assertThat(answer.statusCode()).as(body(answer)).isEqualTo(201);
    assertThat(feed.app.get(header(answer, "Location")).statusCode()).isEqualTo(200);
    assertThat(feed.item(id).get("id").asText()).isEqualTo(id);
    assertThat(feed.walk(1)).containsExactly(id);
    assertThat(feed.put(id, "{\"title\":\"new\"}").statusCode()).isEqualTo(200);
    assertThat(feed.delete(id).statusCode()).isEqualTo(204);
    assertThat(feed.ids("")).isEmpty();
  }
}
