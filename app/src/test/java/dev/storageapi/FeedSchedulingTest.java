package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.storageapi.testing.Scrape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the feed is fetched, where others have a say: the upstream, and whoever is in the table. */
class FeedSchedulingTest {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(4);
  private static final Duration THOUGHT = Duration.ofSeconds(2);

  @TempDir private Path folder;

  private final List<Instant> answered = new CopyOnWriteArrayList<>();
  private HttpServer upstream;

  @BeforeEach
  void startUpstream() throws IOException {
    upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    upstream.createContext("/limited", this::limit);
    upstream.start();
  }

  @AfterEach
  void stopUpstream() {
    upstream.stop(0);
  }

  /** Thinks for a while, and says then that it was asked too often. */
  private void limit(HttpExchange exchange) {
    Executor later = CompletableFuture.delayedExecutor(THOUGHT.toMillis(), TimeUnit.MILLISECONDS);
    later.execute(
        () -> {
          try (exchange) {
            exchange
                .getResponseHeaders()
                .set("Retry-After", Long.toString(RETRY_AFTER.toSeconds()));
            answered.add(Instant.now());
            exchange.sendResponseHeaders(429, -1);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private String database() {
    return "jdbc:h2:file:" + folder.resolve("storage");
  }

  private RunningApp app(String path) {
    return app(path, "1h");
  }

  /** An application with a quota of 3600 fetches in that time. */
  private RunningApp app(String path, String window) {
    String host = "127.0.0.1:" + upstream.getAddress().getPort();
    return RunningApp.with(
        "DATABASE_URL",
        database(),
        "FEED_URL",
        "http://" + host + path,
        "FEED_ALLOWED_HOSTS",
        host,
        "FEED_QUOTA",
        "3600",
        "FEED_QUOTA_WINDOW",
        window,
        "FEED_MAX_BACKOFF",
        "10s");
  }

  private static double fetches(RunningApp app, String outcome) {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"))
        .value("feed_fetches_total", "outcome", outcome);
  }

  @Test
  void retryAfterCountsFromTheAnswer() throws IOException {
    try (RunningApp app = app("/limited")) {
      await().until(() -> fetches(app, "rate_limited") == 1);

      JsonNode feed = new JsonMapper().readTree(app.text("/feed"));
      assertThat(Instant.parse(feed.path("next_fetch").asText()))
          .isAfterOrEqualTo(answered.get(0).plus(RETRY_AFTER));
    }
  }

  /**
   * A replica with another FEED_URL, of the version before, removes a row that it does not know.
   */
  @Test
  void aScheduleThatSomebodyRemovedComesBack() throws SQLException {
    try (RunningApp app = app("/nowhere")) {
      await().until(() -> fetches(app, "upstream_error") > 0);
      removeSchedule();
      double before = fetches(app, "upstream_error");

      await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> fetches(app, "upstream_error") >= before + 2);
    }
  }

  /** As a clock does that is set back. */
  @Test
  void aShorterIntervalHoldsFromTheNextStartOn() throws IOException {
    try (RunningApp app = app("/nowhere", "500h")) {
      await().until(() -> fetches(app, "upstream_error") == 1);

      JsonNode feed = new JsonMapper().readTree(app.text("/feed"));
      assertThat(Instant.parse(feed.path("next_fetch").asText()))
          .isAfter(Instant.now().plus(Duration.ofMinutes(5)));
    }
    try (RunningApp app = app("/nowhere")) {
      await().until(() -> fetches(app, "upstream_error") >= 2);
    }
  }

  private void removeSchedule() throws SQLException {
    try (Connection connection = DriverManager.getConnection(database(), "sa", "");
        Statement statement = connection.createStatement()) {
      await().until(() -> statement.executeUpdate("DELETE FROM scheduled_tasks") > 0);
    }
  }
}
