package dev.storageapi.database;

import java.time.Duration;
import java.util.Map;

/** What differs between the databases: types of the schema, time limits, durability. */
public enum Dialect {
  /** Embedded, in a file. */
  H2(
      "h2database",
      Map.of("bytes", "VARBINARY", "byte_order", "", "unless_there", "IF NOT EXISTS")) {
    @Override
    Map<String, String> properties(Duration statement) {
      return Map.of(
          // With the default of 500 ms acknowledged commits are lost by kill -9.
          "WRITE_DELAY", "0",
          // Our own shutdown closes it, behind the last request.
          "DB_CLOSE_ON_EXIT", "FALSE",
          // Else it writes what went wrong into a file beside the data.
          "TRACE_LEVEL_FILE", "0");
    }

    @Override
    String limit(Duration statement) {
      long millis = statement.toMillis();
      return "SET LOCK_TIMEOUT " + millis + "; SET QUERY_TIMEOUT " + millis;
    }
  },

  /** A server of its own. */
  POSTGRESQL(
      "postgresql", Map.of("bytes", "BYTEA", "byte_order", "COLLATE \"C\"", "unless_there", "")) {
    @Override
    Map<String, String> properties(Duration statement) {
      // The server ends a statement that takes too long; the network gets a little longer to say
      // so.
      return Map.of(
          "connectTimeout",
          seconds(statement.compareTo(CONNECT) < 0 ? statement : CONNECT),
          "socketTimeout",
          seconds(statement),
          "tcpKeepAlive",
          "true",
          "ApplicationName",
          "storage-api");
    }

    @Override
    String limit(Duration statement) {
      return "SET statement_timeout = " + statement.toMillis();
    }
  };

  private static final Duration NETWORK = Duration.ofMillis(250);

  /** Who has long for a statement need not be as patient with a server that is not there. */
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final String system;

  @SuppressWarnings("ImmutableEnumChecker") // of Map.of
  private final Map<String, String> placeholders;

  Dialect(String system, Map<String, String> placeholders) {
    this.system = system;
    this.placeholders = placeholders;
  }

  /** Its name in OpenTelemetry's conventions, {@code db.system.name}. */
  String system() {
    return system;
  }

  private static String seconds(Duration statement) {
    return Long.toString((statement.plus(NETWORK).toMillis() + 999) / 1000);
  }

  /** What the placeholders of the migrations stand for. */
  Map<String, String> placeholders() {
    return placeholders;
  }

  /**
   * The driver's properties.
   *
   * @param statement how long a statement may take
   */
  abstract Map<String, String> properties(Duration statement);

  /** SQL that limits the time of each statement of the session, locks included. */
  abstract String limit(Duration statement);
}
