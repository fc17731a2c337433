package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Tracing;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.TestUpstream;
import java.io.IOException;
import java.lang.Thread.UncaughtExceptionHandler;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Row 12, where no request is at hand: an error is told to whoever hears of dying threads. */
class FeedErrorsTest {

  /** A clock on which the first look of one thread ends in an error. */
  private static final class Trap extends Clock {

    private final String thread;
    private final AtomicBoolean sprung = new AtomicBoolean();

    Trap(String thread) {
      this.thread = thread;
    }

    @Override
    public Instant instant() {
      if (Thread.currentThread().getName().startsWith(thread) && !sprung.getAndSet(true)) {
        throw new StackOverflowError("of " + thread);
      }
      return Instant.now();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  @TempDir private Path folder;

  private final List<Throwable> told = new CopyOnWriteArrayList<>();
  private final UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();

  @BeforeEach
  void listen() {
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> told.add(error));
  }

  @AfterEach
  void listenNoMore() {
    Thread.setDefaultUncaughtExceptionHandler(before);
  }

  private static App app(TestUpstream upstream, String database, Clock clock) throws IOException {
    String host = "127.0.0.1:" + upstream.port();
    Config config =
        Config.from(
            Map.of(
                "HOST",
                "127.0.0.1",
                "PORT",
                "0",
                "DATABASE_URL",
                database,
                "FEED_URL",
                "http://" + host + "/documents",
                "FEED_ALLOWED_HOSTS",
                host,
                "FEED_QUOTA_WINDOW",
                "60s",
                "MODEL_PATH",
                "none",
                "SHUTDOWN_QUIET",
                "0ms"));
    Metrics metrics = new Metrics();
    return new App(config, "test", metrics, Tracing.off(metrics), clock);
  }

  @ParameterizedTest
  @ValueSource(strings = {"feed", "db-scheduler-pool"})
  void anErrorIsToldAndTheFeedIsFetchedAllTheSame(String thread) throws IOException {
    String database = "jdbc:h2:file:" + folder.resolve("storage");
    try (TestUpstream upstream = TestUpstream.start();
        App app = app(upstream, database, new Trap(thread))) {
      app.start();
      await().dontCatchUncaughtExceptions().until(() -> !upstream.asked().isEmpty());
    }
    assertThat(told).singleElement().isInstanceOf(StackOverflowError.class);
  }

  /** A connection that ends just as a fetch is begun is none of the errors that are told. */
  @Test
  void aDatabaseThatGoesWhileAFetchIsBegunIsNoErrorAndTheFeedIsFetchedAllTheSame()
      throws IOException, SQLException {
    String database = PostgresCluster.shared().freshDatabase();
    try (TestUpstream upstream = TestUpstream.start();
        App app = app(upstream, database, Clock.systemUTC());
        Connection connection = PostgresCluster.connect(database);
        Statement statement = connection.createStatement()) {
      app.start();
      await().dontCatchUncaughtExceptions().until(() -> !upstream.asked().isEmpty());
      statement.execute(
          """
          CREATE SEQUENCE begun;
          CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            PERFORM nextval('begun'), pg_terminate_backend(pg_backend_pid());
            RETURN NEW;
          END $$;
          CREATE TRIGGER leave BEFORE UPDATE ON scheduled_tasks
          FOR EACH ROW WHEN (NEW.picked AND NOT OLD.picked) EXECUTE FUNCTION leave();
          """);
      await()
          .dontCatchUncaughtExceptions()
          .until(
              () -> {
                try (ResultSet row = statement.executeQuery("SELECT last_value > 1 FROM begun")) {
                  return row.next() && row.getBoolean(1);
                }
              });
      statement.execute("DROP TRIGGER leave ON scheduled_tasks");
      int before = upstream.asked().size();
      await().dontCatchUncaughtExceptions().until(() -> upstream.asked().size() > before);
    }
    assertThat(told).isEmpty();
  }
}
