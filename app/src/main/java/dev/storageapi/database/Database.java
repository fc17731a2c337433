package dev.storageapi.database;

import static dev.storageapi.database.DatabaseFailure.Kind.FULL;
import static dev.storageapi.database.DatabaseFailure.Kind.UNAVAILABLE;

import com.zaxxer.hikari.HikariPoolMXBean;
import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Function;
import javax.sql.DataSource;

/**
 * The database of the features that need one. It may be away at any time: at the start, for a
 * while, for ever. While it is, and while too many wait for it, work fails at once with a {@link
 * DatabaseFailure}, so that nobody waits for nothing. Safe for use by many threads.
 *
 * <pre>{@code
 * Query byId = database.query("dataset_get", "SELECT id, name FROM datasets WHERE id = ?");
 * Optional<Dataset> one = database.read(session -> session.first(byId, Datasets::row, 7));
 * }</pre>
 */
public final class Database implements AutoCloseable {

  /**
   * What bounds the use of the database.
   *
   * @param pool the most connections
   * @param concurrent the most pieces of work at once, those that wait for a connection included
   * @param poolWait how long one waits for its turn, and once more for a connection, which may have
   *     to be made; at least 250 ms (the pool's own least)
   * @param statement how long a statement may take, locks included
   * @param transaction how long a statement of {@link #longTransaction} may take
   * @param migration how long a statement of a migration may take
   * @param check how often to look whether the database is there
   * @param minFree bytes that must be free where H2's file is, for writes
   */
  public record Limits(
      int pool,
      int concurrent,
      Duration poolWait,
      Duration statement,
      Duration transaction,
      Duration migration,
      Duration check,
      long minFree) {}

  /**
   * How the database is.
   *
   * @param up whether it can be asked
   * @param full whether it has no space for writes
   * @param reason in a few words for people
   */
  public record State(boolean up, boolean full, String reason) {

    /** Whether it can be written to. */
    public boolean writable() {
      return up && !full;
    }
  }

  private final Limits limits;
  private final Spans spans;
  private final String system;
  private final String name;
  private final Histogram durations;
  private final Counter errors;
  private final Connector connector;
  private final Pool pool;
  private final Keeper keeper;
  private final Query commit;

  /** A database that is not looked for before {@link #start}. */
  public Database(DatabaseUrl url, Limits limits, Metrics metrics, Spans spans) {
    this.limits = limits;
    this.spans = spans;
    system = url.dialect().system();
    name = url.name();
    connector = new Connector(url);
    pool = new Pool(connector, limits);
    keeper = new Keeper(url, limits, connector, pool);
    durations = metrics.nativeHistogram(Metric.DB_QUERY_DURATION);
    errors = metrics.counter(Metric.DB_QUERY_ERRORS);
    commit = query("commit", "");
    Metrics.Gauges connections = metrics.gauges(Metric.DB_POOL_CONNECTIONS);
    connections.add("active", () -> pool.ask(HikariPoolMXBean::getActiveConnections));
    connections.add("idle", () -> pool.ask(HikariPoolMXBean::getIdleConnections));
    connections.add("pending", pool::waiting);
    connections.add("max", limits::pool);
    metrics.gauge(Metric.DB_FILE_SIZE, keeper::fileSize);
  }

  /** Begins to look for the database, in the background. */
  public void start() {
    keeper.start();
  }

  /** How it was when last looked at. */
  public State state() {
    return keeper.state();
  }

  /**
   * A statement under a name.
   *
   * @param operation the label of its metrics: each name once in the program
   * @param sql with a question mark for each value
   */
  public Query query(String operation, String sql) {
    return new Query(
        operation,
        sql,
        durations.labelValues(operation),
        errors.labelValues(operation),
        () -> span(operation, sql));
  }

  /** By the conventions for databases: the text has no values, and names are few. */
  private ActiveSpan span(String operation, String sql) {
    ActiveSpan span =
        spans
            .client(operation)
            .set("db.system.name", system)
            .set("db.namespace", name)
            .set("db.query.summary", operation);
    return sql.isEmpty() ? span : span.set("db.query.text", sql);
  }

  /** The durations of all queries so far, as a scrape would show them. */
  public HistogramSnapshot durations() {
    return durations.collect();
  }

  /** Connections at work now. */
  public int active() {
    return pool.ask(HikariPoolMXBean::getActiveConnections);
  }

  /** The most connections there may be. */
  public int poolSize() {
    return limits.pool();
  }

  /**
   * The pool's connections, for libraries that have their own SQL.
   *
   * @throws DatabaseFailure while there has never been a database
   */
  public DataSource dataSource() {
    return pool.source();
  }

  /**
   * Asks, and changes nothing.
   *
   * @throws DatabaseFailure if it cannot be done
   */
  public <T> T read(Function<Session, T> work) {
    try {
      return readOnce(work);
    } catch (DatabaseFailure e) {
      if (!e.isClosed()) {
        throw e;
      }
      pool.renew(); // somebody's write failed, which closed the file: it can be opened again
      return readOnce(work);
    }
  }

  private <T> T readOnce(Function<Session, T> work) {
    try (Session session = new Session(this::connectToRead)) {
      return work.apply(session);
    }
  }

  /**
   * Changes something by one statement, which is its own transaction.
   *
   * @throws DatabaseFailure if it cannot be done
   */
  public <T> T write(Function<Session, T> work) {
    try (Session session = new Session(this::connectToWrite)) {
      return work.apply(session);
    } catch (DatabaseFailure e) {
      throw keeper.explained(e);
    }
  }

  /**
   * Does all of the work or nothing of it.
   *
   * @throws DatabaseFailure if it cannot be done
   */
  public <T> T transaction(Function<Session, T> work) {
    return transaction(this::connectToWrite, work);
  }

  /**
   * As {@link #transaction}, for background work whose statements may take longer. It has a
   * connection to itself, which is none of the pool's.
   */
  public <T> T longTransaction(Function<Session, T> work) {
    return transaction(this::connectForLong, work);
  }

  private <T> T transaction(Session.Source source, Function<Session, T> work) {
    try (Session session = new Session(() -> begun(source.connect()))) {
      T result = work.apply(session);
      session.commit(commit);
      return result;
    } catch (DatabaseFailure e) {
      throw keeper.explained(e);
    }
  }

  /** Fails where H2 has closed itself: then nobody else would give the connection back. */
  private static Session.Lease begun(Session.Lease lease) throws SQLException {
    try {
      lease.connection().setAutoCommit(false);
      return lease;
    } catch (SQLException e) {
      lease.close();
      throw e;
    }
  }

  private Session.Lease connectToWrite() throws SQLException {
    requireDatabase(); // first: one that is away has no space to speak of
    requireSpace();
    return pool.lease();
  }

  private Session.Lease connectToRead() throws SQLException {
    requireDatabase();
    return pool.lease();
  }

  private Session.Lease connectForLong() {
    requireDatabase();
    requireSpace();
    try {
      return new Session.Lease(connector.connect(limits.transaction()), () -> {});
    } catch (SQLException e) {
      throw DatabaseFailure.noConnection(e);
    }
  }

  private void requireDatabase() {
    State now = state();
    if (!now.up()) {
      throw new DatabaseFailure(UNAVAILABLE, now.reason(), null);
    }
  }

  private void requireSpace() {
    if (keeper.isFull()) {
      throw new DatabaseFailure(FULL, state().reason(), null);
    }
  }

  /**
   * Closes every connection, for 2 s at most; an H2 database is closed with its last one. What is
   * not closed by then is closed by the end of the process, which loses nothing that was committed.
   */
  @Override
  public void close() {
    keeper.close();
  }
}
