package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * H2 commits each statement of a migration by itself, so that the end of the process in the midst
 * of one leaves tables that the history does not know.
 */
class HalfMigratedH2Test {

  private static final Database.Limits LIMITS =
      new Database.Limits(
          2,
          2,
          Duration.ofMillis(500),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMillis(100),
          0);

  @Test
  void aMigrationThatWasKilledIsBegunAgain(@TempDir Path folder) throws SQLException {
    String url = "jdbc:h2:file:" + folder.resolve("storage");
    assertThat(add(url, "before")).isEqualTo(1);
    execute(
        url,
        "DROP TABLE scheduled_tasks",
        "DROP INDEX feed_items_newest",
        "DELETE FROM \"flyway_schema_history\" WHERE \"version\" IN ('1', '2')");

    assertThat(add(url, "after")).isEqualTo(2);
    execute(url, "SELECT 1 FROM scheduled_tasks", "DROP INDEX feed_items_newest");
  }

  @Test
  void aMigrationThatFailedIsBegunAgain(@TempDir Path folder) throws SQLException {
    String url = "jdbc:h2:file:" + folder.resolve("storage");
    assertThat(add(url, "before")).isEqualTo(1);
    execute(
        url,
        "DROP TABLE scheduled_tasks",
        "UPDATE \"flyway_schema_history\" SET \"success\" = FALSE WHERE \"version\" = '2'");

    assertThat(add(url, "after")).isEqualTo(2);
    execute(url, "SELECT 1 FROM scheduled_tasks");
  }

  /** Opens the database, adds a dataset when it is there, and gives its id. */
  private static long add(String url, String name) {
    try (Database database =
        new Database(DatabaseUrl.of(url, "", ""), LIMITS, new Metrics(), Spans.OFF)) {
      Query insert = database.query("insert", "INSERT INTO datasets (name) VALUES (?)");
      database.start();
      await().until(() -> database.state().up());
      return database.write(session -> session.insert(insert, name));
    }
  }

  private static void execute(String url, String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
