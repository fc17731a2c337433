package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.TestUpstream;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The number of items, where it cannot be had: here as one that takes too long to count. */
class FeedCountTest {

  private static TestUpstream.Answer document() {
    String json =
        "{\"documents\":[{\"id\":\"a\",\"title\":\"x\",\"published_at\":\"2026-01-01T00:00:00Z\"}]}";
    return new TestUpstream.Answer(200, json, Map.of("ETag", "\"v1\""), Duration.ZERO);
  }

  @Test
  void aCountThatTakesTooLongHoldsNothingElseUp() throws SQLException {
    String database = PostgresCluster.shared().freshDatabase();
    try (TestUpstream upstream = TestUpstream.start()) {
      upstream.says(FeedCountTest::document);
      try (RunningFeed feed =
              RunningFeed.of(upstream.port(), database, "DATABASE_FEED_TIMEOUT", "300ms");
          Connection other = PostgresCluster.connect(database);
          Statement statement = other.createStatement()) {
        feed.awaitFetch();
        await().until(() -> feed.status().get("items").asInt() == 1);
        upstream.says(() -> new TestUpstream.Answer(304, ""));
        feed.awaitFetch("not_modified");
        other.setAutoCommit(false);
        statement.execute("LOCK TABLE feed_items IN ACCESS EXCLUSIVE MODE");
        double failed = errors(feed);
        await().atMost(Duration.ofSeconds(30)).until(() -> errors(feed) > failed);

        double success = feed.scrape().value("feed_last_success_timestamp_seconds");
        await().until(() -> feed.scrape().value("feed_last_success_timestamp_seconds") > success);
        assertThat(feed.app.get("/feed").statusCode()).isEqualTo(200);
        assertThat(feed.status().get("items").asInt()).isEqualTo(1);
        other.rollback();
        assertThat(header(feed.app.get("/feed/items"), "Age")).isNotNull();
      }
    }
  }

  private static double errors(RunningFeed feed) {
    return feed.scrape().value("db_query_errors_total", "operation", "feed_count");
  }
}
