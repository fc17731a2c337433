package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * H2 closes itself when it fails to write, as on a full disk. Here a thread is interrupted while it
 * writes, which closes the file under it.
 */
class ClosedH2Test {

  private static final Database.Limits LIMITS =
      new Database.Limits(
          2,
          2,
          Duration.ofMillis(500),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMillis(100),
          0);

  @Test
  void afterAFailedWriteItIsOpenedAgain(@TempDir Path folder) {
    DatabaseUrl url = DatabaseUrl.of("jdbc:h2:file:" + folder.resolve("storage"), "", "");
    try (Database database = new Database(url, LIMITS, new Metrics())) {
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

  /** The insert is written by the commit behind it. */
  private static long interrupted(Session session, Query insert) {
    long id = session.insert(insert, "lost");
    Thread.currentThread().interrupt();
    return id;
  }
}
