package dev.storageapi.database;

import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Set;
import org.h2.mvstore.MVStoreException;

/**
 * The database did not do what it was asked. Nothing was changed; but where the connection broke
 * during a write, or the server was frozen, nobody knows.
 */
public final class DatabaseFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What can be done about it. */
  public enum Kind {
    /** Down, not reachable, too slow, or too many waiting: try again later. */
    UNAVAILABLE,
    /** No space left: reads go on. */
    FULL,
    /** There is such a key already. */
    DUPLICATE,
    /** A fault of the program. */
    FAULT
  }

  /** H2's error codes for a file that failed, and for a database that was closed by that. */
  private static final Set<Integer> H2_CLOSED = Set.of(90007, 90028, 90031, 90067, 90098, 90121);

  /**
   * States (SQL standard, PostgreSQL's appendix A, H2's ErrorCode): lock timeouts, cancelled
   * statements, deadlocks, shutdowns, a standby, a file that is read-only.
   */
  private static final Set<String> PASSING =
      Set.of(
          "HYT00", "HYT01", "57014", "55P03", "40001", "40P01", "57P01", "57P02", "57P03", "25006",
          "90097");

  private static final String DISK_FULL = "53100";

  private final Kind kind;

  DatabaseFailure(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What {@code thrown} means, told by its state and code (never by its text). */
  public static DatabaseFailure of(SQLException thrown) {
    rethrowIfOutOfMemory(thrown);
    SQLException cause = withoutValues(thrown);
    return new DatabaseFailure(kind(cause), cause.getMessage(), cause);
  }

  /**
   * Of a batch PostgreSQL's driver repeats the statement with its values, which logs are not for.
   */
  private static SQLException withoutValues(SQLException thrown) {
    boolean batch = thrown instanceof BatchUpdateException && thrown.getNextException() != null;
    return batch ? thrown.getNextException() : thrown;
  }

  /** A connection that cannot be had: whatever the reason, others are served all the same. */
  static DatabaseFailure noConnection(SQLException thrown) {
    return new DatabaseFailure(Kind.UNAVAILABLE, thrown.getMessage(), thrown);
  }

  /** What the database said, whatever a library has wrapped around it. */
  static Optional<SQLException> sql(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException e) {
        return Optional.of(e);
      }
    }
    return Optional.empty();
  }

  /** Whether it may pass by itself, whatever a library has wrapped around it. */
  static boolean passes(Throwable thrown) {
    return sql(thrown).filter(e -> kind(e) == Kind.UNAVAILABLE).isPresent();
  }

  /** H2 makes an exception of it, but it is to end the process. */
  static void rethrowIfOutOfMemory(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError e) {
        throw e;
      }
    }
  }

  private static Kind kind(SQLException e) {
    if (e instanceof SQLTransientConnectionException) {
      return Kind.UNAVAILABLE; // the pool's: its state is that of its last try to connect
    }
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    if (state.equals(DISK_FULL)) {
      return Kind.FULL;
    }
    if (state.equals("23505")) {
      return Kind.DUPLICATE;
    }
    boolean passing =
        state.isEmpty() // of a pool that is closed
            || state.startsWith("08")
            || state.startsWith("53")
            || PASSING.contains(state)
            || closed(e);
    return passing ? Kind.UNAVAILABLE : Kind.FAULT;
  }

  private static boolean closed(SQLException e) {
    return H2_CLOSED.contains(e.getErrorCode()) || e.getCause() instanceof MVStoreException;
  }

  /** Whether H2 has closed its file: the next connection opens it again. */
  boolean isClosed() {
    return getCause() instanceof SQLException e && closed(e);
  }

  public Kind kind() {
    return kind;
  }
}
