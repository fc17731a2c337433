package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Engine;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import dev.storageapi.testing.TestUpstream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Row 27: a refresh is all or nothing. The process is killed while it stores; whatever is found
 * then is of one answer of the upstream.
 */
class RefreshKilledIT {

  private static final int ITEMS = 3000;
  private static final int MOST_ROUNDS = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @ParameterizedTest
  @EnumSource(Engine.class)
  @Tag("ci")
  void whatIsStoredIsOfOneAnswer(Engine engine, @TempDir Path folder) throws SQLException {
    rounds(2, engine.emptyDatabase(folder));
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  @Tag("full")
  void whatIsStoredIsOfOneAnswerIn60Rounds(Engine engine, @TempDir Path folder)
      throws SQLException {
    rounds(60, engine.emptyDatabase(folder));
  }

  /**
   * Kills ever nearer to the end of the transaction: later where it was too early, earlier where it
   * was too late, until there has been both.
   */
  private static void rounds(int least, String database) throws SQLException {
    try (TestUpstream upstream = TestUpstream.start()) {
      upstream.says(documents(0));
      storeWhole(upstream, database);
      Duration delay = Duration.ofMillis(300);
      int before = 0;
      int after = 0;
      for (int round = 1; round <= least || before == 0 || after == 0; round++) {
        assertThat(round).as("%d before and %d after", before, after).isLessThan(MOST_ROUNDS);
        String previous = oneAnswer(database);
        upstream.says(documents(round));
        killBehind(upstream, database, delay);
        forgetTheDead(database);
        String found = oneAnswer(database);
        assertThat(found).isIn(previous, title(round));
        if (found.equals(previous)) {
          before++;
          delay = delay.multipliedBy(3).dividedBy(2);
        } else {
          after++;
          delay = delay.multipliedBy(2).dividedBy(3);
        }
      }
      upstream.says(documents(MOST_ROUNDS));
      storeWhole(upstream, database);
      assertThat(oneAnswer(database)).isEqualTo(title(MOST_ROUNDS));
    }
  }

  /** Kills a process when its fetch has been answered for so long. */
  private static void killBehind(TestUpstream upstream, String database, Duration delay) {
    int asked = upstream.asked().size();
    try (ServiceProcess service = service(upstream, database)) {
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(2))
          .until(() -> upstream.asked().size() > asked);
      CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS)
          .execute(service::kill);
      service.exitCode();
    }
  }

  private static void storeWhole(TestUpstream upstream, String database) {
    try (ServiceProcess service = service(upstream, database)) {
      await()
          .atMost(PATIENCE)
          .until(() -> service.scrape().value("feed_fetches_total", "outcome", "success") > 0);
      service.terminate();
      assertThat(service.exitCode()).isZero();
    }
  }

  /** A row in the middle is held by somebody else, so that the kill is half-way for sure. */
  @Test
  @Tag("ci")
  void ofARefreshThatHangsHalfWayNothingIsLeftOnPostgresql() throws SQLException {
    String database = PostgresCluster.shared().freshDatabase();
    try (TestUpstream upstream = TestUpstream.start()) {
      upstream.says(documents(0));
      storeWhole(upstream, database);
      upstream.says(documents(1));
      try (Connection holder = PostgresCluster.connect(database);
          Connection watcher = PostgresCluster.connect(database);
          ServiceProcess service = service(upstream, database)) {
        holder.setAutoCommit(false);
        try (Statement statement = holder.createStatement()) {
          statement.execute(
              "SELECT 1 FROM feed_items WHERE id = 'i-%d' FOR UPDATE".formatted(ITEMS / 2));
        }
        await().atMost(PATIENCE).until(() -> sessions(watcher, "wait_event_type = 'Lock'") == 1);
        service.kill();
        service.exitCode();
        assertThat(sessions(watcher, "wait_event_type = 'Lock'")).isEqualTo(1); // of the dead
        holder.rollback();
        await().atMost(PATIENCE).until(() -> sessions(watcher, "TRUE") == 0);
      }
      assertThat(oneAnswer(database)).isEqualTo(title(0));
      forgetTheDead(database);
      storeWhole(upstream, database);
      assertThat(oneAnswer(database)).isEqualTo(title(1));
    }
  }

  /** The sessions of the service that PostgreSQL has, of those for which this is so. */
  private static int sessions(Connection connection, String condition) throws SQLException {
    String sql =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
            + " AND application_name = 'storage-api' AND "
            + condition;
    try (Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery(sql)) {
      count.next();
      return count.getInt(1);
    }
  }

  private static ServiceProcess service(TestUpstream upstream, String database) {
    return ServiceProcess.with(
            Simulator.feed(
                upstream.port(), database, "FEED_QUOTA", "60", "FEED_QUOTA_WINDOW", "60s"))
        .start();
  }

  private static String documents(int round) {
    return IntStream.range(0, ITEMS)
        .mapToObj(
            i ->
                "{\"id\":\"i-%d\",\"title\":\"%s\",\"published_at\":\"2026-01-01T00:00:00Z\"}"
                    .formatted(i, title(round)))
        .collect(Collectors.joining(",", "{\"documents\":[", "]}"));
  }

  private static String title(int round) {
    return "answer " + round + ".";
  }

  /** The title that all items have. */
  private static String oneAnswer(String database) throws SQLException {
    String sql = "SELECT COUNT(*), COUNT(DISTINCT title), MIN(title) FROM feed_items";
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      String title = row.getString(3);
      assertThat(row.getInt(1)).as("items, such as %s", title).isEqualTo(ITEMS);
      assertThat(row.getInt(2)).as("titles, such as %s", title).isEqualTo(1);
      return title;
    }
  }

  /** Or else it would be half a minute until the one that was killed is missed. */
  private static void forgetTheDead(String database) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM scheduled_tasks");
    }
  }

  private static Connection connect(String database) throws SQLException {
    return database.startsWith("jdbc:h2:")
        ? DriverManager.getConnection(database, "sa", "")
        : PostgresCluster.connect(database);
  }
}
