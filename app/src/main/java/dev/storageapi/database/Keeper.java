package dev.storageapi.database;

import dev.storageapi.database.Database.State;
import dev.storageapi.database.DatabaseFailure.Kind;
import dev.storageapi.http.Uncaught;
import java.io.File;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the database on a thread of its own, by a connection of its own: connects, brings the
 * schema up to date, and knows how the database is.
 */
final class Keeper implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Keeper.class);

  private static final Duration CLOSE = Duration.ofSeconds(2);

  /** With less than this H2 may fail to write, and is full until there is more. */
  private static final long SLACK = 1 << 20;

  /** What some drivers and Flyway write below these is SQL or advice. */
  private static final int REASON_LINES = 3;

  private static final State STARTING = new State(false, false, "starting");
  private static final State FULL = new State(true, true, "no space left for writes");

  private final DatabaseUrl url;
  private final Database.Limits limits;
  private final Connector connector;
  private final Pool pool;
  private final Schema schema;
  private final ScheduledExecutorService checks =
      Executors.newSingleThreadScheduledExecutor(Keeper::thread);
  private volatile State state = STARTING;
  private Connection own;

  Keeper(DatabaseUrl url, Database.Limits limits, Connector connector, Pool pool) {
    this.url = url;
    this.connector = connector;
    this.limits = limits;
    this.pool = pool;
    schema = new Schema(connector, limits, url.dialect());
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "database");
    thread.setDaemon(true);
    return thread;
  }

  void start() {
    ScheduledFuture<?> unused =
        checks.scheduleWithFixedDelay(
            this::checkOrDie, 0, limits.check().toMillis(), TimeUnit.MILLISECONDS);
  }

  State state() {
    return state;
  }

  /** The executor would keep to itself that there is no memory, which is to end the process. */
  private void checkOrDie() {
    try {
      check();
    } catch (OutOfMemoryError e) {
      Uncaught.tell(e);
    }
  }

  private void check() {
    try {
      if (own == null || !answers()) {
        connect();
      }
      report(this::looked);
    } catch (SQLException | RuntimeException | Error e) { // an error, too, would be the last check
      DatabaseFailure.rethrowIfOutOfMemory(e);
      log.debug("the database cannot be had", e);
      disconnect();
      away(e);
    }
  }

  /** It is away for this reason, which is told once, and again if it is a new one that stays. */
  private void away(Throwable cause) {
    State now = new State(false, false, url + ": " + reason(cause));
    boolean isNew = !now.reason().equals(state.reason());
    if (!report(before -> now) && isNew && !DatabaseFailure.passes(cause)) {
      log(now);
    }
  }

  /** In one line; of a migration what the database said, without the script around it. */
  private static String reason(Throwable thrown) {
    boolean migration = thrown instanceof FlywayException;
    Optional<SQLException> said = migration ? DatabaseFailure.sql(thrown) : Optional.empty();
    String text =
        said.map(Throwable::getMessage)
            .or(() -> Optional.ofNullable(thrown.getMessage()))
            .orElseGet(thrown::toString)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .limit(REASON_LINES)
            .collect(Collectors.joining(" "));
    return migration ? "its schema cannot be brought up to date: " + text : text;
  }

  /** How it is now that it has answered. */
  private State looked(State before) {
    boolean full = free() < (before.full() ? spaceToWrite() : limits.minFree());
    return full ? FULL : new State(true, false, url.toString());
  }

  /** By a statement: to H2 a connection is valid whose database closed itself on a failed write. */
  private boolean answers() {
    try (Statement statement = own.createStatement()) {
      return statement.execute("SELECT 1");
    } catch (SQLException | RuntimeException e) {
      log.debug("the connection is gone", e);
      return false;
    }
  }

  private void connect() throws SQLException {
    disconnect();
    own = connector.connect(limits.statement());
    schema.bringUpToDate(); // each time: it may be another one by now
    pool.renew();
  }

  private void disconnect() {
    try {
      if (own != null) {
        own.close();
      }
    } catch (SQLException | RuntimeException e) {
      log.debug("the connection was gone", e);
    }
    own = null;
  }

  /**
   * Bytes free where the file is. A server looks after its disk itself, and where there is no
   * folder, space is not what is missing.
   */
  private long free() {
    return url.file()
        .map(file -> file.getParent().toFile())
        .filter(File::isDirectory)
        .map(File::getUsableSpace)
        .orElse(Long.MAX_VALUE);
  }

  /** Bytes that must be free before writes are tried again. */
  private long spaceToWrite() {
    return Math.max(limits.minFree(), SLACK);
  }

  /**
   * Whether it has no space for writes: asked by each, as many fill the disk between two checks.
   */
  boolean isFull() {
    if (!state.full() && free() < limits.minFree()) {
      report(Keeper::full);
    }
    return state.full();
  }

  /** One that is away has another reason. */
  private static State full(State before) {
    return before.up() ? FULL : before;
  }

  /** The bytes of H2's file; 0 for a server. */
  long fileSize() {
    return url.file()
        .map(path -> path.resolveSibling(path.getFileName() + ".mv.db").toFile().length())
        .orElse(0L);
  }

  /**
   * A failed write, seen with the disk in mind: where that is full, this is why. H2 closes itself
   * then, so the connections are given up, and nobody writes until there is space.
   */
  DatabaseFailure explained(DatabaseFailure failure) {
    if (failure.kind() != Kind.UNAVAILABLE || !state.up() || free() >= spaceToWrite()) {
      return failure;
    }
    if (report(Keeper::full)) {
      pool.renew();
    }
    return state.full() ? new DatabaseFailure(Kind.FULL, state.reason(), failure) : failure;
  }

  /**
   * Changes the state, by one at a time: what is new is made of what was. A change that people
   * should know of is logged.
   *
   * @return whether there was such a change
   */
  private synchronized boolean report(UnaryOperator<State> change) {
    State before = state;
    State now = change.apply(before);
    state = now;
    boolean changed =
        before.up() != now.up()
            || before.full() != now.full()
            || (before.equals(STARTING) && !now.equals(STARTING));
    if (changed) {
      log(now);
    }
    return changed;
  }

  private static void log(State now) {
    (now.writable() ? log.atInfo() : log.atWarn())
        .addKeyValue("reason", now.reason())
        .log(
            now.writable()
                ? "the database is there"
                : now.up() ? "the database can only be read" : "the database is away");
  }

  /**
   * Closes every connection, behind a check under way, which may be making the pool, and waits 2 s
   * at most for that. To interrupt H2 while it writes would close its file.
   */
  @Override
  public void close() {
    checks.execute(this::closeConnections);
    checks.shutdown();
    try {
      if (!checks.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
        log.debug("the connections have not been closed in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeConnections() {
    pool.close();
    disconnect();
    connector.close(); // last: this closes H2's file
  }
}
