package dev.storageapi;

import static dev.storageapi.RunningFeed.encoded;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.TestUpstream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Row 21 for the feed: SQL in what an upstream sends, and in what a page is asked for. */
@ParameterizedClass(name = "{0}")
@EnumSource(Engine.class)
class FeedInjectionTest {

  private static final JsonMapper JSON = new JsonMapper();

  private static final List<String> TEXTS =
      List.of(
          "'); DROP TABLE feed_items; --",
          "' OR '1'='1",
          "\\'; DELETE FROM feed_sources; --",
          "x'; SHUTDOWN; --",
          "\"; COMMIT; --",
          "$$; ROLLBACK; $$",
          "$1 ? :name ${unless_there} {fn now()}",
          "%_\\%");

  @Parameter private Engine engine;
  private TestUpstream upstream;
  private RunningFeed feed;

  @BeforeEach
  void open(@TempDir Path folder) {
    upstream = TestUpstream.start();
    upstream.says(documents("first").toString());
    feed = RunningFeed.of(upstream.port(), engine.emptyDatabase(folder));
    feed.awaitFetch();
  }

  @AfterEach
  void close() {
    feed.close();
    upstream.close();
  }

  private static ObjectNode documents(String more) {
    ObjectNode all = JSON.createObjectNode();
    ArrayNode documents = all.putArray("documents");
    for (String text : TEXTS) {
      documents
          .addObject()
          .put("id", text)
          .put("title", more + text)
          .put("published_at", "2026-01-01T00:00:00Z")
          .put(text, text);
    }
    return all;
  }

  @Test
  void whatAnUpstreamSendsIsStoredChangedAndRemovedAsItIs() {
    assertStored("first");
    upstream.says(documents("second").toString());
    feed.awaitFetch();
    assertStored("second");

    for (String id : TEXTS) {
      assertThat(feed.delete(id).statusCode()).as(id).isEqualTo(204);
    }
    feed.awaitFetch();
    assertThat(feed.ids("")).isEmpty();
    assertThat(feed.fetches("database_error")).isZero();
  }

  private void assertStored(String more) {
    assertThat(feed.walk(3)).containsExactlyInAnyOrderElementsOf(TEXTS);
    for (JsonNode sent : documents(more).get("documents")) {
      JsonNode item = feed.item(sent.get("id").asText());
      assertThat(item.get("title")).isEqualTo(sent.get("title"));
      assertThat(item.get("data")).isEqualTo(sent);
    }
  }

  @Test
  void sqlForALimitOrAfterAnItemIsRefused() {
    for (String sql :
        List.of("1;DROP TABLE feed_items", "1 OFFSET 5", "(SELECT 1)", "1--", "ALL")) {
      for (String parameter : List.of("limit", "after")) {
        assertThat(feed.app.get("/feed/items?" + parameter + "=" + encoded(sql)).statusCode())
            .as("%s=%s", parameter, sql)
            .isEqualTo(400);
      }
    }
    assertThat(feed.ids("")).hasSameSizeAs(TEXTS);
  }
}
