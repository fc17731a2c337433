package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.TestUpstream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the feed is fetched, where others have a say: settings, and whoever is in the tables. */
class FeedSchedulingTest {

  @TempDir private Path folder;
  private TestUpstream upstream;

  @BeforeEach
  void open() {
    upstream = TestUpstream.start();
    upstream.says(() -> new TestUpstream.Answer(404, ""));
  }

  @AfterEach
  void close() {
    upstream.close();
  }

  private String database() {
    return "jdbc:h2:file:" + folder.resolve("storage");
  }

  private RunningFeed feed(String... settings) {
    return RunningFeed.of(upstream.port(), database(), settings);
  }

  private static Instant next(RunningFeed feed) {
    return Instant.parse(feed.status().get("next_fetch").asText());
  }

  private int execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(database(), "sa", "");
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  /**
   * A replica of another version removes a row that it does not know; it is looked for each 10 s.
   */
  @Test
  @Tag("ci")
  void aScheduleThatSomebodyRemovedComesBack() {
    try (RunningFeed feed = feed()) {
      feed.awaitFetch("upstream_error");
      await().until(() -> execute("DELETE FROM scheduled_tasks") > 0);
      double before = feed.fetches("upstream_error");

      await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> feed.fetches("upstream_error") >= before + 2);
    }
  }

  @Test
  void aShorterIntervalHoldsFromTheNextStartOn() {
    String[] seldom = {"FEED_QUOTA", "1", "FEED_QUOTA_WINDOW", "1h"};
    try (RunningFeed feed = feed(seldom)) {
      await().until(() -> feed.fetches("upstream_error") == 1);
      assertThat(next(feed)).isAfter(Instant.now().plus(Duration.ofMinutes(50)));
    }
    try (RunningFeed feed = feed()) {
      feed.awaitFetch("upstream_error");
      assertThat(next(feed)).isBefore(Instant.now().plus(Duration.ofMinutes(1)));
    }
  }

  /** What a process whose clock was ahead leaves behind, when its clock is set back. */
  @Test
  void aTimeThatNoWaitCanReachIsNotBelievedAtTheStart() throws SQLException {
    try (RunningFeed feed = feed()) {
      feed.awaitFetch("upstream_error");
    }
    int asked = upstream.asked().size();
    execute("UPDATE feed_sources SET next_fetch = TIMESTAMP WITH TIME ZONE '2100-01-01 00:00:00Z'");
    execute(
        "UPDATE scheduled_tasks SET"
            + " execution_time = TIMESTAMP WITH TIME ZONE '2100-01-01 00:00:00Z'");

    try (RunningFeed feed = feed()) {
      await().until(() -> upstream.asked().size() > asked);
      await().until(() -> next(feed).isBefore(Instant.now().plus(Duration.ofMinutes(1))));
    }
  }
}
