package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static dev.storageapi.RunningFeed.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.TestUpstream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What fetches of the simulator make of the feed, on each database. */
@ParameterizedClass(name = "{0}")
@EnumSource(Engine.class)
class FeedFetchTest {

  /** The simulator's, by default. */
  private static final Duration PERIOD = Duration.ofSeconds(60);

  @Parameter private Engine engine;
  @TempDir private Path folder;
  private String database;

  @BeforeEach
  void empty() {
    database = engine.emptyDatabase(folder);
  }

  /** The n-th document before the newest that the simulator has at its start. */
  private static String document(int before) {
    return "doc-" + (RunningSimulator.START.getEpochSecond() / PERIOD.toSeconds() - before);
  }

  private static Instant time(JsonNode node, String name) {
    return Instant.parse(node.get(name).asText());
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = engine.connect(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  @Test
  void theFirstFetchBringsTheDocumentsWithTheirOwnData() {
    try (RunningSimulator simulator = RunningSimulator.with();
        RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
      feed.awaitFetch();

      JsonNode sent = json(simulator.get("/documents/moved")).get("documents");
      JsonNode items = json(feed.app.get("/feed/items"));
      assertThat(items).hasSize(50);
      for (int i = 0; i < 50; i++) {
        assertThat(items.get(i).get("data")).isEqualTo(sent.get(i));
        for (String field : List.of("id", "title", "published_at")) {
          assertThat(items.get(i).get(field)).isEqualTo(sent.get(i).get(field));
        }
        assertThat(time(items.get(i), "fetched_at"))
            .isBetween(Instant.now().minusSeconds(60), Instant.now());
      }
      assertThat(feed.item(document(0))).isEqualTo(items.get(0));
    }
  }

  @Test
  void whatIsNotKnownBeforeTheFirstFetchIsNull() throws SQLException {
    try (RunningSimulator simulator = RunningSimulator.with()) {
      try (RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
        feed.awaitFetch();
      }
      execute( // another replica has just begun
          "UPDATE scheduled_tasks SET picked = TRUE, last_heartbeat = CURRENT_TIMESTAMP",
          "DELETE FROM feed_sources",
          "DELETE FROM feed_items");
      try (RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
        JsonNode status = feed.status();

        assertThat(status.fieldNames())
            .toIterable()
            .containsExactly(
                "source",
                "interval_seconds",
                "last_attempt",
                "last_success",
                "age_seconds",
                "items",
                "next_fetch",
                "quota_remaining");
        assertThat(status.get("interval_seconds").asDouble()).isEqualTo(0.1);
        assertThat(status.get("items").asInt()).isZero();
        for (String unknown :
            List.of(
                "last_attempt", "last_success", "age_seconds", "next_fetch", "quota_remaining")) {
          assertThat(status.get(unknown).isNull()).as(unknown).isTrue();
        }
        assertThat(header(feed.app.get("/feed/items"), "Age")).isNull();
        assertThat(feed.scrape().value("feed_last_success_timestamp_seconds")).isZero();
        assertThat(feed.scrape().value("feed_upstream_quota_remaining")).isNaN();
      }
    }
  }

  @Test
  void afterAFetchTheStatusTellsWhenTheNextIsAndWhatIsLeftOfTheQuota() {
    try (RunningSimulator simulator = RunningSimulator.with();
        RunningFeed feed =
            RunningFeed.of(
                simulator.port(),
                database,
                "FEED_URL",
                "http://127.0.0.1:" + simulator.port() + "/documents?key=secret",
                "FEED_QUOTA_WINDOW",
                "10h")) {
      await().until(() -> feed.fetches("success") == 1);

      JsonNode status = feed.status();
      assertThat(status.get("source").asText())
          .isEqualTo("http://127.0.0.1:" + simulator.port() + "/documents");
      assertThat(status.get("interval_seconds").asDouble()).isEqualTo(3600);
      assertThat(status.get("quota_remaining").asInt()).isEqualTo(59);
      Instant attempt = time(status, "last_attempt");
      assertThat(attempt).isBetween(Instant.now().minusSeconds(60), Instant.now());
      assertThat(time(status, "last_success")).isBetween(attempt, Instant.now());
      assertThat(Duration.between(attempt, time(status, "next_fetch")))
          .isBetween(Duration.ofMinutes(60), Duration.ofMinutes(66));
      await().until(() -> feed.scrape().value("feed_items") == 50);
      assertThat(feed.status().get("items").asInt()).isEqualTo(50);
      assertThat(feed.scrape().value("feed_upstream_quota_remaining")).isEqualTo(59);
      assertThat(feed.scrape().value("feed_last_success_timestamp_seconds"))
          .isEqualTo(time(status, "last_success").toEpochMilli() / 1000.0);
      await().until(() -> feed.app.log().stream().anyMatch(line -> line.contains("\"fetched\"")));
      assertThat(feed.app.log())
          .filteredOn(line -> !line.contains("msg=\"request\"")) // the simulator's
          .noneMatch(line -> line.contains("secret"));
    }
  }

  @Test
  void theAgeIsAbsentBeforeTheFirstSuccessAndCountsFromTheLast() {
    try (RunningSimulator simulator = RunningSimulator.with("SIMULATOR_MODE", "failing");
        RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
      feed.post("{\"id\":\"mine\",\"title\":\"x\"}");
      feed.awaitFetch("upstream_error");
      assertThat(feed.status().get("last_attempt").isNull()).isFalse();
      assertThat(feed.status().get("last_success").isNull()).isTrue();
      assertThat(feed.status().get("age_seconds").isNull()).isTrue();
      assertThat(header(feed.app.get("/feed/items"), "Age")).isNull();
      assertThat(header(feed.get("mine"), "Age")).isNull();

      simulator.mode("normal");
      feed.awaitFetch();
      await().until(() -> "0".equals(header(feed.app.get("/feed/items"), "Age")));
      simulator.mode("failing");
      feed.awaitFetch("upstream_error");
      Instant success = time(feed.status(), "last_success");
      await()
          .untilAsserted(
              () -> {
                assertThat(time(feed.status(), "last_success")).isEqualTo(success);
                assertAge(feed, success);
                assertThat(feed.status().get("age_seconds").asDouble()).isGreaterThan(3);
              });
      assertThat(feed.ids("")).hasSize(51);
    }
  }

  /** The age is right wherever it is told. */
  private static void assertAge(RunningFeed feed, Instant success) {
    for (String path : List.of("/feed/items", "/feed/items?limit=1", "/feed/items/mine")) {
      Duration earlier = Duration.between(success, Instant.now());
      long age = Long.parseLong(header(feed.app.get(path), "Age"));
      Duration later = Duration.between(success, Instant.now());
      assertThat(age).isBetween(earlier.toSeconds(), later.toSeconds());
    }
    Duration earlier = Duration.between(success, Instant.now());
    double age = feed.status().get("age_seconds").asDouble();
    Duration later = Duration.between(success, Instant.now());
    assertThat(age).isBetween((earlier.toMillis() - 1) / 1000.0, (later.toMillis() + 1) / 1000.0);
  }

  @Test
  void anUpstreamWithoutNewsIsAskedOnConditionAndKeepsTheFeedYoung() {
    try (RunningSimulator simulator = RunningSimulator.with();
        RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
      feed.awaitFetch();
      JsonNode before = json(feed.app.get("/feed/items"));
      Instant success = time(feed.status(), "last_success");

      feed.awaitFetch("not_modified");

      assertThat(feed.fetches("success")).isEqualTo(1);
      assertThat(time(feed.status(), "last_success")).isAfter(success);
      assertThat(json(feed.app.get("/feed/items"))).isEqualTo(before);
    }
  }

  @Test
  void aNewDocumentIsAddedAndTheOthersStayAsTheyAre() {
    try (RunningSimulator simulator = RunningSimulator.with("SIMULATOR_QUOTA", "100000");
        RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
      feed.awaitFetch();
      Map<String, JsonNode> before = new HashMap<>();
      feed.ids("").forEach(id -> before.put(id, feed.item(id)));

      simulator.pass(PERIOD);
      feed.awaitFetch();

      assertThat(feed.ids("?limit=2")).containsExactly(document(-1), document(0));
      assertThat(feed.ids("")).hasSize(51);
      before.forEach((id, item) -> assertThat(feed.item(id)).isEqualTo(item));
      assertThat(time(feed.item(document(-1)), "fetched_at"))
          .isAfter(time(before.get(document(0)), "fetched_at"));
    }
  }

  @Test
  void aFetchNeverOverwritesWhatAClientWrote() {
    try (RunningSimulator simulator = RunningSimulator.with("SIMULATOR_QUOTA", "100000");
        RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
      feed.awaitFetch();
      HttpResponse<byte[]> replaced =
          feed.put(document(0), "{\"title\":\"mine\",\"published_at\":\"2026-01-01T00:00:00Z\"}");
      HttpResponse<byte[]> ahead =
          feed.post("{\"id\":\"" + document(-1) + "\",\"title\":\"mine, too\"}");
      assertThat(replaced.statusCode()).isEqualTo(200);
      assertThat(ahead.statusCode()).isEqualTo(201);

      simulator.pass(PERIOD.multipliedBy(2));
      feed.awaitFetch();

      assertThat(feed.get(document(-2)).statusCode()).isEqualTo(200);
      assertThat(feed.item(document(0))).isEqualTo(json(replaced));
      assertThat(feed.item(document(-1))).isEqualTo(json(ahead));
    }
  }

  @Test
  void aDeletedDocumentDoesNotComeBackUnlessAClientBringsIt() {
    try (RunningSimulator simulator = RunningSimulator.with("SIMULATOR_QUOTA", "100000");
        RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
      feed.awaitFetch();
      assertThat(feed.delete(document(0)).statusCode()).isEqualTo(204);
      assertThat(feed.delete(document(1)).statusCode()).isEqualTo(204);
      assertThat(feed.ids("")).hasSize(48);

      for (int i = 0; i < 3; i++) {
        simulator.pass(PERIOD);
        feed.awaitFetch();
        assertThat(feed.get(document(0)).statusCode()).isEqualTo(404);
        assertThat(feed.get(document(1)).statusCode()).isEqualTo(404);
      }
      assertThat(feed.ids("")).hasSize(51);
      String mine = "{\"id\":\"" + document(0) + "\",\"title\":\"mine\"}";
      assertThat(feed.post(mine).statusCode()).isEqualTo(201);
      simulator.pass(PERIOD);
      feed.awaitFetch();
      assertThat(feed.item(document(0)).get("title").asText()).isEqualTo("mine");
    }
  }

  @Test
  void beyondTheLimitTheOldestFetchedItemsGoAndAClientsStay() {
    try (RunningSimulator simulator =
            RunningSimulator.with("SIMULATOR_DOCUMENTS", "10", "SIMULATOR_QUOTA", "100000");
        RunningFeed feed = RunningFeed.of(simulator.port(), database, "FEED_MAX_ITEMS", "15")) {
      feed.awaitFetch();
      feed.post("{\"id\":\"mine\",\"title\":\"x\",\"published_at\":\"2000-01-01T00:00:00Z\"}");
      feed.put(document(9), "{\"title\":\"x\",\"published_at\":\"2000-01-01T00:00:00Z\"}");

      simulator.pass(PERIOD.multipliedBy(4));
      feed.awaitFetch();
      assertThat(feed.ids("")).hasSize(15).contains(document(-4), document(8), "mine");
      simulator.pass(PERIOD.multipliedBy(10));
      feed.awaitFetch();

      assertThat(feed.ids(""))
          .hasSize(17)
          .startsWith(document(-14))
          .endsWith(document(0), document(9), "mine");
    }
  }

  @Test
  void nobodyPushesFetchedItemsOut() {
    try (RunningSimulator simulator =
            RunningSimulator.with("SIMULATOR_DOCUMENTS", "10", "SIMULATOR_QUOTA", "100000");
        RunningFeed feed = RunningFeed.of(simulator.port(), database, "FEED_MAX_ITEMS", "10")) {
      feed.awaitFetch();
      for (int i = 0; i < 12; i++) {
        feed.post("{\"title\":\"x\",\"published_at\":\"9999-01-01T00:00:00Z\"}");
      }

      simulator.pass(PERIOD);
      feed.awaitFetch();

      assertThat(feed.ids("")).hasSize(22).contains(document(-1)).endsWith(document(8));
    }
  }

  @Test
  void aLimitBelowWhatTheUpstreamSendsHolds() {
    try (RunningSimulator simulator = RunningSimulator.with("SIMULATOR_QUOTA", "100000");
        RunningFeed feed = RunningFeed.of(simulator.port(), database, "FEED_MAX_ITEMS", "5")) {
      for (int i = 0; i < 3; i++) {
        feed.awaitFetch();
        assertThat(feed.ids("")).hasSize(5).startsWith(document(-i)).endsWith(document(4 - i));
        simulator.pass(PERIOD);
      }
    }
  }

  @Test
  void anotherSourceIsFetchedAtOnceWithoutWhatTheFirstOneSaid() {
    try (RunningSimulator first = RunningSimulator.with();
        RunningSimulator second = RunningSimulator.with()) {
      String[] seldom = {"FEED_QUOTA", "1", "FEED_QUOTA_WINDOW", "10h"};
      try (RunningFeed feed = RunningFeed.of(first.port(), database, seldom)) {
        await().until(() -> feed.fetches("success") == 1);
      }
      try (RunningFeed feed = RunningFeed.of(second.port(), database, seldom)) {
        await().until(() -> feed.fetches("success") == 1); // with the first one's tag it is a 304
        assertThat(feed.status().get("source").asText()).contains(":" + second.port() + "/");
        assertThat(feed.ids("")).hasSize(50);
      }
      try (RunningFeed feed = RunningFeed.of(first.port(), database, seldom)) {
        JsonNode status = feed.status();
        assertThat(status.get("source").asText()).contains(":" + first.port() + "/");
        assertThat(time(status, "next_fetch")).isAfter(Instant.now().plusSeconds(30_000));
        await().until(() -> header(feed.app.get("/feed/items"), "Age") != null);
      }
      assertThat(json(first.get("/mode")).get("requests").asInt()).isEqualTo(1);
      assertThat(json(second.get("/mode")).get("requests").asInt()).isEqualTo(1);
    }
  }

  @Test
  void otherSettingsMakeOtherItemsOfADocumentThatIsAsBefore() {
    try (RunningSimulator simulator = RunningSimulator.with()) {
      try (RunningFeed feed = RunningFeed.of(simulator.port(), database)) {
        feed.awaitFetch("not_modified");
        assertThat(feed.item(document(0)).get("title").asText()).isNotEqualTo(document(0));
      }
      String[] settings = {"FEED_TITLE_POINTER", "/id", "FEED_MAX_ITEM_BYTES", "1KiB"};
      try (RunningFeed feed = RunningFeed.of(simulator.port(), database, settings)) {
        feed.awaitFetch("not_modified");
        assertThat(feed.fetches("success")).isEqualTo(1);
        assertThat(feed.item(document(0)).get("title").asText()).isEqualTo(document(0));
      }
      try (RunningFeed feed = RunningFeed.of(simulator.port(), database, settings)) {
        feed.awaitFetch("not_modified");
        assertThat(feed.fetches("success")).isZero();
      }
    }
  }

  @Test
  void whatTheUpstreamTellsToWaitCountsFromItsAnswer() {
    try (TestUpstream upstream = TestUpstream.start();
        RunningFeed feed = RunningFeed.of(upstream.port(), database, "FEED_MAX_BACKOFF", "1h")) {
      feed.awaitFetch();
      Map<String, String> wait = Map.of("Retry-After", "2");
      upstream.says(() -> new TestUpstream.Answer(429, "", wait, Duration.ofSeconds(1)));
      feed.awaitFetch("rate_limited");

      List<TestUpstream.Asked> asked = upstream.asked();
      int last = asked.size() - 1;
      assertThat(Duration.between(asked.get(last - 1).answered(), asked.get(last).at()))
          .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(4));
    }
  }
}
