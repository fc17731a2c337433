package dev.storageapi.database;

import static dev.storageapi.database.DatabaseFailure.Kind.UNAVAILABLE;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.SQLException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import javax.sql.DataSource;

/**
 * The pool of connections, HikariCP's, made when the database is there for the first time. They are
 * given in the order of asking: HikariCP itself lets those who come overtake those who wait, some
 * until their time is over, and wakes a thread of its own each time that one has to wait.
 */
final class Pool implements AutoCloseable {

  private final Connector connector;
  private final Database.Limits limits;
  private final Semaphore places;
  private final Semaphore turns;
  private volatile HikariDataSource source;

  Pool(Connector connector, Database.Limits limits) {
    this.connector = connector;
    this.limits = limits;
    places = new Semaphore(limits.concurrent());
    turns = new Semaphore(limits.pool(), true);
  }

  /** Makes the pool, or lets every connection that it has go: each may be dead. */
  synchronized void renew() {
    if (source == null) {
      source = new HikariDataSource(config());
    } else {
      source.getHikariPoolMXBean().softEvictConnections();
    }
  }

  private HikariConfig config() {
    HikariConfig config = new HikariConfig();
    config.setPoolName("database");
    config.setDataSource(new Connections(connector, limits.statement()));
    config.setMaximumPoolSize(limits.pool());
    // Else the pool goes on trying in the background while the database is away, ever more seldom.
    config.setMinimumIdle(0);
    config.setConnectionTimeout(limits.poolWait().toMillis());
    config.setValidationTimeout(limits.poolWait().toMillis());
    config.setInitializationFailTimeout(-1);
    return config;
  }

  /**
   * A connection, waited for if need be: for a turn, and as long again for the connection.
   *
   * @throws DatabaseFailure if too many wait already, or it took too long
   */
  Session.Lease lease() throws SQLException {
    if (!places.tryAcquire()) {
      throw new DatabaseFailure(UNAVAILABLE, "too many are waiting for the database", null);
    }
    try {
      awaitTurn();
    } catch (DatabaseFailure e) {
      places.release();
      throw e;
    }
    try {
      return new Session.Lease(source().getConnection(), this::end);
    } catch (SQLException | RuntimeException e) {
      end();
      throw e;
    }
  }

  private void awaitTurn() {
    try {
      if (!turns.tryAcquire(limits.poolWait().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new DatabaseFailure(UNAVAILABLE, "every connection is at work", null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseFailure(UNAVAILABLE, "interrupted", e);
    }
  }

  private void end() {
    turns.release();
    places.release();
  }

  /** How many wait for a connection. */
  int waiting() {
    return turns.getQueueLength() + ask(HikariPoolMXBean::getThreadsAwaitingConnection);
  }

  /**
   * The connections as libraries want them.
   *
   * @throws DatabaseFailure while there has never been a database
   */
  DataSource source() {
    HikariDataSource now = source;
    if (now == null) {
      throw new DatabaseFailure(UNAVAILABLE, "there is no database yet", null);
    }
    return now;
  }

  /** A number of the pool's, 0 before there is one. */
  int ask(ToIntFunction<HikariPoolMXBean> question) {
    HikariDataSource now = source;
    return now == null ? 0 : question.applyAsInt(now.getHikariPoolMXBean());
  }

  /** Closes every connection, those in use included. */
  @Override
  public synchronized void close() {
    if (source != null) {
      source.close();
    }
  }
}
