package dev.storageapi;

import static dev.storageapi.RunningFeed.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.TestUpstream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 30, where the end comes while items are being stored: H2's file stays open to the last. */
class FeedShutdownTest {

  /** Longer than the library's own patience, behind which it would interrupt. */
  private static final Duration HELD = Duration.ofSeconds(5);

  @TempDir private Path folder;

  private static String documents(String title) {
    return "{\"documents\":[{\"id\":\"a\",\"title\":\"%s\",\"published_at\":\"2026-01-01T00:00:00Z\"}]}"
        .formatted(title);
  }

  @Test
  void aRefreshThatIsHeldUpIsNotInterruptedAndRequestsAreServedMeanwhile() throws SQLException {
    String database = "jdbc:h2:file:" + folder.resolve("storage");
    try (TestUpstream upstream = TestUpstream.start();
        Connection other = DriverManager.getConnection(database, "sa", "");
        Statement statement = other.createStatement()) {
      upstream.says(documents("old"));
      RunningFeed feed =
          RunningFeed.of(
              upstream.port(),
              database,
              "DATABASE_FEED_TIMEOUT",
              "60s",
              "SHUTDOWN_QUIET",
              "2s",
              "SHUTDOWN_GRACE",
              "60s");
      feed.awaitFetch();
      other.setAutoCommit(false);
      statement.executeUpdate("UPDATE feed_items SET title = title WHERE id = 'a'");
      upstream.says(documents("new"));
      await().until(() -> isSomebodyHeldUp(statement));

      CompletableFuture<Void> end = CompletableFuture.runAsync(feed::close);
      await().until(() -> feed.app.get("/ready").statusCode() == 503);
      await()
          .atMost(HELD.multipliedBy(3))
          .during(HELD)
          .until(
              () ->
                  feed.post("{\"title\":\"late\"}").statusCode() == 201
                      && feed.get("a").statusCode() == 200);
      assertThat(isSomebodyHeldUp(statement)).isTrue();
      other.rollback();
      await().until(() -> json(feed.get("a")).get("title").asText().equals("new"));
      end.join();
    }
  }

  private static boolean isSomebodyHeldUp(Statement statement) throws SQLException {
    String sql = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SESSIONS WHERE BLOCKER_ID IS NOT NULL";
    try (ResultSet held = statement.executeQuery(sql)) {
      held.next();
      return held.getInt(1) > 0;
    }
  }
}
