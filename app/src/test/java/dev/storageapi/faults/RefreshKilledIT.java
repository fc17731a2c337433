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
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Row 27: a refresh is all or nothing. The process is killed while it stores; whatever is found
 * then is of one answer of the upstream.
 */
class RefreshKilledIT {

  private static final int ITEMS = 3000;

  private final Random random = new Random(27);

  @ParameterizedTest
  @EnumSource(Engine.class)
  @Tag("ci")
  void whatIsStoredIsOfOneAnswer(Engine engine, @TempDir Path folder) throws SQLException {
    rounds(3, engine.emptyDatabase(folder));
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  @Tag("full")
  void whatIsStoredIsOfOneAnswerIn60Rounds(Engine engine, @TempDir Path folder)
      throws SQLException {
    rounds(60, engine.emptyDatabase(folder));
  }

  private void rounds(int rounds, String database) throws SQLException {
    try (TestUpstream upstream = TestUpstream.start()) {
      for (int round = 0; round < rounds; round++) {
        upstream.says(documents(round));
        int asked = upstream.asked().size();
        try (ServiceProcess service = service(upstream, database)) {
          await()
              .atMost(Duration.ofSeconds(30))
              .pollInterval(Duration.ofMillis(2))
              .until(() -> upstream.asked().size() > asked);
          long end = System.nanoTime() + Duration.ofMillis(random.nextInt(900)).toNanos();
          await().pollInterval(Duration.ofMillis(1)).until(() -> System.nanoTime() > end);
          service.kill();
          service.exitCode();
        }
        assertOneAnswer(database, round);
      }
      upstream.says(documents(rounds));
      try (ServiceProcess service = service(upstream, database)) {
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> service.scrape().value("feed_fetches_total", "outcome", "success") > 0);
        service.kill();
        service.exitCode();
      }
      assertThat(assertOneAnswer(database, rounds)).isEqualTo(title(rounds));
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

  /** The title that all items have; null if there are none yet. */
  private static String assertOneAnswer(String database, int round) throws SQLException {
    String sql = "SELECT COUNT(*), COUNT(DISTINCT title), MIN(title) FROM feed_items";
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      if (row.getInt(1) > 0) {
        assertThat(row.getInt(1)).as("items after round %d", round).isEqualTo(ITEMS);
        assertThat(row.getInt(2)).as("answers after round %d", round).isEqualTo(1);
      }
      return row.getString(3);
    } catch (SQLException e) {
      // Killed before its first migration was through.
      assertThat(e.getSQLState()).as(e.getMessage()).isIn("42S02", "42S04", "42P01");
      return null;
    }
  }

  private static Connection connect(String database) throws SQLException {
    return database.startsWith("jdbc:h2:")
        ? DriverManager.getConnection(database, "sa", "")
        : PostgresCluster.connect(database);
  }
}
