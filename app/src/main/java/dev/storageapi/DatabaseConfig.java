package dev.storageapi;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseUrl;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the database is, and what bounds its use.
 *
 * @param url nothing where there is to be no database
 */
record DatabaseConfig(Optional<DatabaseUrl> url, Database.Limits limits) {

  private static final String DEFAULT_URL = "jdbc:h2:file:./data/storage";

  static DatabaseConfig read(Settings settings) {
    Optional<DatabaseUrl> url = url(settings);
    return new DatabaseConfig(
        url,
        new Database.Limits(
            settings.number("DATABASE_POOL_SIZE", 8, 1, 1000, "The most connections"),
            settings.number(
                "DATABASE_MAX_CONCURRENT",
                32,
                1,
                10_000,
                "Requests that use or await a connection at once; one more is answered 503"),
            settings.duration(
                "DATABASE_POOL_TIMEOUT",
                "300ms",
                Duration.ofMillis(250),
                "How long a request waits for its turn, and then for a connection; then 503"),
            settings.duration(
                "DATABASE_QUERY_TIMEOUT",
                "750ms",
                Duration.ofMillis(10),
                "How long a statement may take, locks included; then 503"),
            settings.duration(
                "DATABASE_FEED_TIMEOUT",
                "10s",
                Duration.ofMillis(10),
                "How long a statement may take that stores a fetch of the feed"),
            settings.duration(
                "DATABASE_MIGRATION_TIMEOUT",
                "10m",
                Duration.ofSeconds(1),
                "How long a statement may take that brings the schema up to date"),
            settings.duration(
                "DATABASE_CHECK_INTERVAL",
                "1s",
                Duration.ofMillis(10),
                "How often to look whether the database is there"),
            settings.size(
                "DATABASE_MIN_FREE_BYTES",
                "16MiB",
                0,
                "What must be free on the disk of H2's file; below it writes are answered 507")));
  }

  /**
   * The longest time that a request takes for one statement: until its turn comes, until it has a
   * connection, and for the statement.
   */
  Duration longest() {
    return limits.poolWait().plus(limits.poolWait()).plus(limits.statement());
  }

  /** Adds what single settings do not show. */
  void check(Settings settings) {
    if (limits.pool() > limits.concurrent()) {
      settings.problem("DATABASE_POOL_SIZE is more than DATABASE_MAX_CONCURRENT");
    }
  }

  private static Optional<DatabaseUrl> url(Settings settings) {
    String url =
        settings.text(
            "DATABASE_URL",
            DEFAULT_URL,
            "The database: H2 in a file, `postgresql://user:password@host:5432/name`, or `none`,"
                + " which switches datasets and feed off",
            value -> true);
    String user =
        settings.text("DATABASE_USER", "", "PostgreSQL's user, if not in the URL", value -> true);
    String password = settings.secret("DATABASE_PASSWORD", "Its password, if not in the URL");
    try {
      return url.equals(DatabaseUrl.NONE)
          ? Optional.empty()
          : Optional.of(DatabaseUrl.of(url, user, password));
    } catch (IllegalArgumentException e) {
      settings.problem("DATABASE_URL is not valid: " + e.getMessage()); // it may hold a password
      return Optional.of(DatabaseUrl.of(DEFAULT_URL, "", "")); // as of any setting, to go on with
    }
  }
}
