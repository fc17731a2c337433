package dev.storageapi.database;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A kill leaves H2's file with the beginning of a write at its end. H2 itself then often opens an
 * older state than the file has, once it uses space again: here at once, else behind 45 s.
 */
class TornFileTest {

  private static final int COMMITS = 60;
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final byte[] BEGUN = new byte[4096];

  @TempDir private Path folder;

  @Test
  void whatWasCommittedIsThereThoughAWriteHadBegunBehindIt() throws SQLException, IOException {
    int overlooked = 0;
    try (Connection connection = url("live").connect(LIMIT);
        Statement statement = connection.createStatement()) {
      statement.execute("SET RETENTION_TIME 0");
      statement.execute("CREATE TABLE datasets (id BIGINT)");
      for (int committed = 1; committed <= COMMITS; committed++) {
        statement.execute("INSERT INTO datasets VALUES (" + committed + ")");
        overlooked += countByH2(torn("h2")) < committed ? 1 : 0;
        assertThat(count(torn("ours"))).isEqualTo(committed);
      }
    }
    assertThat(overlooked).as("commits that H2 by itself does not find").isPositive();
  }

  private DatabaseUrl url(String name) {
    return DatabaseUrl.of("jdbc:h2:file:" + folder.resolve(name), "", "");
  }

  private Path file(String name) {
    return folder.resolve(name + ".mv.db");
  }

  /** As a process leaves the file that is killed now. */
  private DatabaseUrl torn(String name) throws IOException {
    Files.copy(file("live"), file(name), REPLACE_EXISTING);
    Files.write(file(name), BEGUN, StandardOpenOption.APPEND);
    return url(name);
  }

  private static int countByH2(DatabaseUrl url) throws SQLException {
    try (Connection connection = url.connect(LIMIT)) {
      return count(connection);
    }
  }

  private static int count(DatabaseUrl url) throws SQLException {
    try (Connector connector = new Connector(url);
        Connection connection = connector.connect(LIMIT)) {
      return count(connection);
    }
  }

  private static int count(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM datasets")) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
