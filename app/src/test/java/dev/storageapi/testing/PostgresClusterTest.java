package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Tests of the PostgreSQL that other tests run on. */
final class PostgresClusterTest {

  @Test
  void aCommittedRowSurvivesAKillAndARestart() throws SQLException {
    try (PostgresCluster postgres = PostgresCluster.start()) {
      String url = postgres.url();
      execute(url, "CREATE TABLE words (word text)");
      execute(url, "INSERT INTO words VALUES ('kept')");
      postgres.kill();
      assertThatThrownBy(postgres::connect).isInstanceOf(SQLException.class);
      postgres.restart();
      assertThat(ask(url, "SELECT word FROM words")).isEqualTo("kept");
      postgres.restart();
      assertThat(ask(url, "SELECT word FROM words")).isEqualTo("kept");
    }
  }

  @Test
  void aFrozenOneAnswersNothingUntilItThaws() throws SQLException {
    try (PostgresCluster postgres = PostgresCluster.start();
        Connection open = postgres.connect()) {
      open.setNetworkTimeout(Runnable::run, 300);
      postgres.freeze();
      assertThatThrownBy(() -> open.createStatement().execute("SELECT 1"))
          .hasRootCauseMessage("Read timed out");
      assertThatThrownBy(() -> DriverManager.getConnection(postgres.jdbcUrl() + "&loginTimeout=1"))
          .isInstanceOf(SQLException.class);
      postgres.thaw();
      assertThat(ask(postgres.url(), "SELECT 'awake'")).isEqualTo("awake");
    }
  }

  @Test
  void closeLeavesNothingOfAFrozenOne() throws IOException {
    assertThatNothingIsLeftOf(PostgresCluster.start(), PostgresCluster::freeze);
  }

  @Test
  void closeLeavesNothingOfAKilledOne() throws IOException {
    assertThatNothingIsLeftOf(PostgresCluster.start(), PostgresCluster::kill);
  }

  private static void assertThatNothingIsLeftOf(
      PostgresCluster postgres, Consumer<PostgresCluster> fault) throws IOException {
    Path home = postgres.files().home();
    List<ProcessHandle> processes = postgres.tree().all();
    String segment = postgres.files().sharedMemory().orElseThrow();
    assertThat(processes).filteredOn(PostgresClusterTest::runs).hasSizeGreaterThan(3);
    assertThat(segments()).contains(segment);
    fault.accept(postgres);
    postgres.close();
    assertThat(processes).noneMatch(PostgresClusterTest::runs);
    assertThat(segments()).doesNotContain(segment);
    assertThat(home).doesNotExist();
  }

  /** False of a zombie, too, which nobody may have waited for. */
  private static boolean runs(ProcessHandle process) {
    return process.info().command().isPresent();
  }

  /** The ids of all segments of shared memory here. */
  private static List<String> segments() throws IOException {
    return Files.readAllLines(Path.of("/proc/sysvipc/shm")).stream()
        .skip(1)
        .map(line -> line.strip().split(" +", 3)[1])
        .toList();
  }

  @Test
  void theSharedOneGivesEveryCallerAnEmptyDatabase() throws SQLException {
    String one = PostgresCluster.shared().freshDatabase();
    String another = PostgresCluster.shared().freshDatabase();
    execute(one, "CREATE TABLE words (word text)");
    String tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assertThat(ask(one, tables)).isEqualTo("1");
    assertThat(ask(another, tables)).isEqualTo("0");
  }

  @Test
  void itIsDurableSpeaksUtf8AndItsUserIsNoSuperuser() throws SQLException {
    String url = PostgresCluster.shared().freshDatabase();
    assertThat(ask(url, "SHOW fsync")).isEqualTo("on");
    assertThat(ask(url, "SHOW synchronous_commit")).isEqualTo("on");
    assertThat(ask(url, "SHOW server_encoding")).isEqualTo("UTF8");
    assertThat(ask(url, "SHOW is_superuser")).isEqualTo("off");
  }

  @Test
  void aWrongPasswordIsRefused() {
    String url = PostgresCluster.shared().url().replace(":secret@", ":guessed@");
    assertThatThrownBy(() -> PostgresCluster.connect(url))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("password");
  }

  private static void execute(String url, String sql) throws SQLException {
    try (Connection connection = PostgresCluster.connect(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String ask(String url, String sql) throws SQLException {
    try (Connection connection = PostgresCluster.connect(url);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
