package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import dev.storageapi.testing.PostgresCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A migration has a time limit of its own. Here it waits for a table that somebody else makes. */
class MigrationTimeTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final String url = PostgresCluster.shared().freshDatabase();

  private Database within(Duration migration) {
    Database.Limits limits =
        new Database.Limits(
            2,
            2,
            Duration.ofMillis(500),
            Duration.ofMillis(750),
            Duration.ofMillis(750),
            migration,
            Duration.ofMillis(100),
            0);
    Database database = new Database(DatabaseUrl.of(url, "", ""), limits, new Metrics(), Spans.OFF);
    database.start();
    return database;
  }

  /** Makes the first table of the schema without an end, so that nobody else can. */
  private Connection holdTable() throws SQLException {
    Connection holder = PostgresCluster.connect(url);
    holder.setAutoCommit(false);
    try (Statement statement = holder.createStatement()) {
      statement.execute("CREATE TABLE datasets ()");
    }
    return holder;
  }

  @Test
  void itMayTakeLongerThanOtherStatements() throws SQLException {
    try (Connection holder = holdTable();
        Database database = within(Duration.ofSeconds(60))) {
      await()
          .during(Duration.ofSeconds(3))
          .atMost(PATIENCE)
          .until(() -> database.state().reason().equals("starting"));
      holder.rollback();
      await().atMost(PATIENCE).until(() -> database.state().up());
    }
  }

  @Test
  void itIsEndedByTheServerAndBegunAgain() throws SQLException {
    try (Connection holder = holdTable();
        Database database = within(Duration.ofSeconds(1))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(database.state().reason()).contains("due to statement timeout"));
      holder.rollback();
      await().atMost(PATIENCE).until(() -> database.state().up());
    }
  }
}
