package dev.storageapi.database;

import dev.storageapi.telemetry.ActiveSpan;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What can be done with the database within one piece of work. It belongs to one thread. A
 * connection is taken when the first statement needs one, so that a failure to get it is counted
 * under the statement's name.
 */
public final class Session implements AutoCloseable {

  /** Makes a value of the row that a result stands at. */
  @FunctionalInterface
  public interface Row<T> {
    T of(ResultSet row) throws SQLException;
  }

  /** A connection, and what to do when it is given back. */
  record Lease(Connection connection, Runnable end) implements AutoCloseable {

    /** Gives the connection back. What was not committed is undone. */
    @Override
    public void close() {
      try {
        connection.close();
      } catch (SQLException e) {
        log.debug("the connection was gone", e);
      } finally {
        end.run();
      }
    }
  }

  /** Where connections come from. */
  @FunctionalInterface
  interface Source {
    Lease connect() throws SQLException;
  }

  @FunctionalInterface
  private interface Step<T> {
    T with(PreparedStatement statement) throws SQLException;
  }

  private static final Logger log = LoggerFactory.getLogger(Session.class);
  private static final String[] NO_KEYS = {};
  private static final String[] ID = {"id"};

  private final Source source;
  private Lease lease;

  Session(Source source) {
    this.source = source;
  }

  /** Every row of the answer. */
  public <T> List<T> list(Query query, Row<T> row, Object... values) {
    return run(
        query,
        NO_KEYS,
        statement -> {
          bind(statement, values);
          List<T> rows = new ArrayList<>();
          try (ResultSet result = statement.executeQuery()) {
            while (result.next()) {
              rows.add(row.of(result));
            }
          }
          return rows;
        });
  }

  /** The first row of the answer, if there is one. */
  public <T> Optional<T> first(Query query, Row<T> row, Object... values) {
    return list(query, row, values).stream().findFirst();
  }

  /** Changes rows, and says how many. */
  public int update(Query query, Object... values) {
    return run(
        query,
        NO_KEYS,
        statement -> {
          bind(statement, values);
          return statement.executeUpdate();
        });
  }

  /** Adds a row, and gives the number that the database chose for its column {@code id}. */
  public long insert(Query query, Object... values) {
    return run(
        query,
        ID,
        statement -> {
          bind(statement, values);
          statement.executeUpdate();
          try (ResultSet keys = statement.getGeneratedKeys()) {
            keys.next();
            return keys.getLong(ID[0]);
          }
        });
  }

  /** Runs one statement for each of many sets of values, and says how many rows were changed. */
  public int batch(Query query, List<Object[]> many) {
    return run(
        query,
        NO_KEYS,
        statement -> {
          for (Object[] values : many) {
            bind(statement, values);
            statement.addBatch();
          }
          int changed = 0;
          for (int count : statement.executeBatch()) {
            changed += Math.max(count, 0);
          }
          return changed;
        });
  }

  private <T> T run(Query query, String[] keys, Step<T> step) {
    return timed(
        query,
        () -> {
          try (PreparedStatement statement =
              lease.connection().prepareStatement(query.sql(), keys)) {
            return step.with(statement);
          }
        });
  }

  /** Makes what was done lasting, under the name of {@code query}. */
  void commit(Query query) {
    if (lease != null) {
      timed(
          query,
          () -> {
            lease.connection().commit();
            return null;
          });
    }
  }

  @FunctionalInterface
  private interface Call<T> {
    T run() throws SQLException;
  }

  private <T> T timed(Query query, Call<T> call) {
    try {
      if (lease == null) {
        lease = source.connect();
      }
      return traced(query, call);
    } catch (SQLException e) {
      throw counted(query, DatabaseFailure.of(e));
    } catch (DatabaseFailure e) {
      throw counted(query, e);
    }
  }

  private static <T> T traced(Query query, Call<T> call) throws SQLException {
    try (ActiveSpan span = query.begin()) {
      try {
        return call.run();
      } catch (SQLException e) {
        span.set("db.response.status_code", e.getSQLState());
        if (isFailure(DatabaseFailure.of(e))) {
          span.failed(e.getClass().getName(), null); // its message may have values
        }
        throw e;
      } finally {
        query.end(span);
      }
    }
  }

  /** That a key is there already is an answer like others. */
  private static DatabaseFailure counted(Query query, DatabaseFailure failure) {
    if (isFailure(failure)) {
      query.failed();
    }
    return failure;
  }

  private static boolean isFailure(DatabaseFailure failure) {
    return failure.kind() != DatabaseFailure.Kind.DUPLICATE;
  }

  private static void bind(PreparedStatement statement, Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
  }

  /** Gives the connection back. What was not committed is undone. */
  @Override
  public void close() {
    if (lease != null) {
      lease.close();
    }
  }
}
