package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * H2 closes itself when it fails to write, as on a full disk. Here a thread is interrupted while it
 * writes, which closes the file under it.
 */
class ClosedH2Test {

  private static final Database.Limits LIMITS = lookedAtEach(Duration.ofMillis(100));
  private static final Database.Limits LOOKED_AT_ONCE = lookedAtEach(Duration.ofHours(1));

  private static Database.Limits lookedAtEach(Duration interval) {
    return new Database.Limits(
        2,
        2,
        Duration.ofMillis(500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        interval,
        0);
  }

  @Test
  void afterAFailedWriteItIsOpenedAgain(@TempDir Path folder) {
    DatabaseUrl url = DatabaseUrl.of("jdbc:h2:file:" + folder.resolve("storage"), "", "");
    try (Database database = new Database(url, LIMITS, new Metrics(), Spans.OFF)) {
      Query insert = database.query("insert", "INSERT INTO datasets (name) VALUES (?)");
      Query names = database.query("names", "SELECT name FROM datasets ORDER BY id");
      database.start();
      await().until(() -> database.state().up());
      database.write(session -> session.insert(insert, "before"));

      assertThatThrownBy(() -> database.transaction(session -> interrupted(session, insert)))
          .hasRootCauseInstanceOf(ClosedByInterruptException.class)
          .isInstanceOfSatisfying(
              DatabaseFailure.class,
              failure -> assertThat(failure.kind()).isEqualTo(DatabaseFailure.Kind.UNAVAILABLE));
      assertThat(Thread.interrupted()).isTrue(); // else await is, too

      await()
          .atMost(Duration.ofSeconds(5))
          .ignoreExceptionsInstanceOf(DatabaseFailure.class)
          .until(() -> database.write(session -> session.insert(insert, "after")) > 1);
      List<String> all = database.read(session -> session.list(names, row -> row.getString(1)));
      assertThat(all).containsExactly("before", "after");
    }
  }

  @Test
  void aTransactionThatCannotBeginGivesItsConnectionBack(@TempDir Path folder) {
    DatabaseUrl url = DatabaseUrl.of("jdbc:h2:file:" + folder.resolve("storage"), "", "");
    try (Database database = new Database(url, LOOKED_AT_ONCE, new Metrics(), Spans.OFF)) {
      Query insert = database.query("insert", "INSERT INTO datasets (name) VALUES (?)");
      Query names = database.query("names", "SELECT name FROM datasets ORDER BY id");
      database.start();
      await().until(() -> database.state().up());
      for (int i = 0; i <= LIMITS.pool(); i++) {
        database.write(session -> session.insert(insert, "before") + shutDown(url));

        assertThatThrownBy(() -> database.transaction(session -> session.insert(insert, "lost")))
            .as("the pool still trusts the connection that was shut down")
            .isInstanceOf(DatabaseFailure.class);
        assertThat(database.active()).isZero();

        database.read(session -> session.list(names, row -> row.getString(1))); // lets it go
      }
      long id = database.transaction(session -> session.insert(insert, "after"));
      assertThat(id).isEqualTo(LIMITS.pool() + 2);
    }
  }

  private static int shutDown(DatabaseUrl url) {
    try (Connection connection = url.connect(LIMITS.statement());
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate("SHUTDOWN");
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** The insert is written by the commit behind it. */
  private static long interrupted(Session session, Query insert) {
    long id = session.insert(insert, "lost");
    Thread.currentThread().interrupt();
    return id;
  }
}
