package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.TestUpstream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of items that the simulator does not have, on each database. */
@ParameterizedClass(name = "{0}")
@EnumSource(Engine.class)
class FeedStoreTest {

  private static final int MANY = 1500;

  @Parameter private Engine engine;
  @TempDir private Path folder;
  private TestUpstream upstream;
  private String database;

  @BeforeEach
  void open() {
    upstream = TestUpstream.start();
    database = engine.emptyDatabase(folder);
  }

  @AfterEach
  void close() {
    upstream.close();
  }

  private RunningFeed feed(String... settings) {
    return RunningFeed.of(upstream.port(), database, settings);
  }

  private static String document(String id, String title, String time, String more) {
    return "{\"id\":\"%s\",\"title\":\"%s\",\"published_at\":\"%s\"%s}"
        .formatted(id, title, time, more);
  }

  private static String document(String id) {
    return document(id, "t", "2026-01-01T00:00:00Z", "");
  }

  private static String documents(String... documents) {
    return "{\"documents\":[" + String.join(",", documents) + "]}";
  }

  private static String documents(int count, IntFunction<String> document) {
    return documents(IntStream.range(0, count).mapToObj(document).toArray(String[]::new));
  }

  @Test
  void aChangedItemIsUpdatedAndTheOthersAreNotTouched() {
    upstream.says(documents(document("a"), document("b"), document("c"), document("d")));
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();
      JsonNode[] before = {feed.item("a"), feed.item("b"), feed.item("c"), feed.item("d")};

      upstream.says(
          documents(
              document("a"),
              document("b", "new", "2026-01-01T00:00:00Z", ""),
              document("c", "t", "2026-01-01T00:00:00.000001Z", ""),
              document("d", "t", "2026-01-01T00:00:00Z", ",\"more\":1")));
      feed.awaitFetch();

      assertThat(feed.item("a")).isEqualTo(before[0]);
      assertThat(feed.item("b").get("title").asText()).isEqualTo("new");
      assertThat(feed.item("c").get("published_at").asText())
          .isEqualTo("2026-01-01T00:00:00.000001Z");
      assertThat(feed.item("d").get("data").get("more").asInt()).isEqualTo(1);
      for (int i = 1; i < 4; i++) {
        assertThat(feed.item("abcd".substring(i, i + 1)).get("fetched_at").asText())
            .isGreaterThan(before[i].get("fetched_at").asText());
      }
    }
  }

  @Test
  void theUpstreamsObjectIsServedToTheDigit() {
    String data =
        document("x", "t", "2026-01-01T00:00:00Z", ", \"n\" : [1.10, 1E5, -0.0, 1e-400]\n")
            .replace("1E5", "12345678901234567890123456789.50, 1E5");
    upstream.says(documents(data));
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();

      assertThat(body(feed.get("x"))).contains("\"data\":" + data + ",");
    }
  }

  @Test
  void anItemThatTheUpstreamNoLongerHasStays() {
    upstream.says(documents(document("a"), document("b")));
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();
      upstream.says(documents(document("b")));
      feed.awaitFetch();
      upstream.says(documents());
      feed.awaitFetch();

      assertThat(feed.ids("")).containsExactly("a", "b");
    }
  }

  @Test
  void aDeletedItemComesBackOnlyAfterTheUpstreamWasWithoutIt() {
    upstream.says(documents(document("a"), document("b")));
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();
      feed.delete("a");
      upstream.says(documents(document("a", "new", "2026-02-01T00:00:00Z", ""), document("b")));
      feed.awaitFetch();
      assertThat(feed.ids("")).containsExactly("b");

      upstream.says(documents(document("b")));
      feed.awaitFetch();
      assertThat(feed.ids("")).containsExactly("b");

      upstream.says(documents(document("a"), document("b")));
      feed.awaitFetch();
      assertThat(feed.ids("")).containsExactly("a", "b");
    }
  }

  private long deletedIds() throws SQLException {
    try (Connection connection = engine.connect(database);
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT COUNT(*) FROM feed_deleted")) {
      count.next();
      return count.getLong(1);
    }
  }

  @Test
  void whatClientsAddAndDeleteLeavesNothingBehind() throws SQLException {
    upstream.says(documents(document("a"), document("b")));
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();
      upstream.says(() -> new TestUpstream.Answer(503, ""));
      feed.awaitFetch("upstream_error");

      for (int i = 0; i < 50; i++) {
        assertThat(feed.post("{\"id\":\"mine-" + i + "\",\"title\":\"x\"}").statusCode())
            .isEqualTo(201);
        assertThat(feed.delete("mine-" + i).statusCode()).isEqualTo(204);
      }
      assertThat(deletedIds()).isZero();
      assertThat(feed.delete("a").statusCode()).isEqualTo(204);
      assertThat(deletedIds()).isEqualTo(1);
    }
  }

  @Test
  void aClientsItemThatTheUpstreamHasGotMeanwhileStaysDeleted() {
    try (RunningFeed feed = feed()) {
      feed.post("{\"id\":\"a\",\"title\":\"mine\"}");
      upstream.says(documents(document("a"), document("b")));
      feed.awaitFetch();
      assertThat(feed.item("a").get("title").asText()).isEqualTo("mine");

      assertThat(feed.delete("a").statusCode()).isEqualTo(204);
      feed.awaitFetch();
      assertThat(feed.ids("")).containsExactly("b");
    }
  }

  @Test
  void anItemThatAClientBringsBackAndDeletesOnceMoreStaysDeleted() {
    upstream.says(documents(document("a"), document("b")));
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();
      upstream.says(() -> new TestUpstream.Answer(503, ""));
      feed.awaitFetch("upstream_error");
      feed.delete("a");
      assertThat(feed.post("{\"id\":\"a\",\"title\":\"mine\"}").statusCode()).isEqualTo(201);
      assertThat(feed.delete("a").statusCode()).isEqualTo(204);

      upstream.says(documents(document("a"), document("b")));
      feed.awaitFetch();
      assertThat(feed.ids("")).containsExactly("b");
    }
  }

  @Test
  void theLimitOfItemsHoldsWhereAllAreOfOneTime() {
    upstream.says(documents(30, i -> document("i" + (10 + i))));
    try (RunningFeed feed = feed("FEED_MAX_ITEMS", "20")) {
      for (int i = 0; i < 2; i++) {
        feed.awaitFetch();
        assertThat(feed.ids("")).hasSize(20).startsWith("i10").endsWith("i29");
      }
    }
  }

  @Test
  void anItemWithoutATimeHasThatOfTheFetchThatFirstBroughtIt() {
    upstream.says(documents(document("a"), document("b")));
    try (RunningFeed feed = feed("FEED_TIME_POINTER", "")) {
      feed.awaitFetch();
      JsonNode a = feed.item("a");
      JsonNode b = feed.item("b");
      assertThat(a.get("published_at")).isEqualTo(a.get("fetched_at"));

      feed.awaitFetch();
      upstream.says(documents(document("a"), document("b", "new", "", ""), document("c")));
      feed.awaitFetch();

      assertThat(feed.item("a")).isEqualTo(a);
      assertThat(feed.item("b").get("title").asText()).isEqualTo("new");
      assertThat(feed.item("b").get("published_at")).isEqualTo(b.get("published_at"));
      assertThat(feed.ids("")).containsExactly("c", "a", "b");
    }
  }

  /** An upstream that changes every item each time it is asked. */
  private AtomicInteger alwaysNew() {
    AtomicInteger generation = new AtomicInteger();
    upstream.says(
        () -> {
          String title = "fetched " + generation.incrementAndGet();
          return new TestUpstream.Answer(
              200, documents(MANY, i -> document("i" + i, title, "2026-01-01T00:00:00Z", "")));
        });
    return generation;
  }

  /** Until the upstream has answered once more, and its items are about to be stored. */
  private static void awaitNext(AtomicInteger generation, int from) {
    await().pollInterval(Duration.ofMillis(1)).until(() -> generation.get() > from);
  }

  @Test
  void whatAClientDeletesWhileItIsFetchedStaysDeleted() {
    AtomicInteger generation = alwaysNew();
    try (RunningFeed feed = feed("DATABASE_QUERY_TIMEOUT", "10s")) {
      feed.awaitFetch();
      int from = generation.get();
      List<String> deleted =
          IntStream.range(0, 100).mapToObj(i -> "i" + (MANY - 1 - 7 * i)).toList();
      for (String id : deleted) {
        if (id.equals(deleted.get(50))) {
          awaitNext(generation, from);
        }
        assertThat(feed.delete(id).statusCode()).isEqualTo(204);
      }
      feed.awaitFetch();

      assertThat(deleted).allMatch(id -> feed.get(id).statusCode() == 404);
      assertThat(feed.walk(100)).hasSize(MANY - deleted.size());
    }
  }

  @Test
  void whatAClientWritesWhileItIsFetchedStaysWritten() {
    AtomicInteger generation = alwaysNew();
    try (RunningFeed feed = feed("DATABASE_QUERY_TIMEOUT", "10s")) {
      feed.awaitFetch();
      int from = generation.get();
      List<String> written =
          IntStream.range(0, 100).mapToObj(i -> "i" + (MANY - 1 - 7 * i)).toList();
      for (String id : written) {
        if (id.equals(written.get(50))) {
          awaitNext(generation, from);
        }
        assertThat(feed.put(id, "{\"title\":\"mine\"}").statusCode()).isEqualTo(200);
      }
      feed.awaitFetch();

      assertThat(written).allMatch(id -> feed.item(id).get("title").asText().equals("mine"));
      assertThat(feed.fetches("database_error")).isZero();
    }
  }

  /** With the default a write that waits for a refresh does not wait to its end. */
  @Test
  void byDefaultAWriteToWhatIsBeingStoredIsDoneOrRefused() {
    AtomicInteger generation = alwaysNew();
    try (RunningFeed feed = feed()) {
      feed.awaitFetch();
      int from = generation.get();
      List<String> written = new ArrayList<>();
      List<String> deleted = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        if (i == 25) {
          awaitNext(generation, from);
        }
        String one = "i" + (MANY - 1 - 14 * i);
        String other = "i" + (MANY - 8 - 14 * i);
        if (done(feed.put(one, "{\"title\":\"mine\"}"), 200)) {
          written.add(one);
        }
        if (done(feed.delete(other), 204)) {
          deleted.add(other);
        }
      }
      feed.awaitFetch();

      assertThat(written)
          .isNotEmpty()
          .allMatch(id -> feed.item(id).get("title").asText().equals("mine"));
      assertThat(deleted).isNotEmpty().allMatch(id -> feed.get(id).statusCode() == 404);
    }
  }

  private static boolean done(HttpResponse<byte[]> answer, int status) {
    assertThat(answer.statusCode()).as(body(answer)).isIn(status, 503);
    return answer.statusCode() == status;
  }
}
