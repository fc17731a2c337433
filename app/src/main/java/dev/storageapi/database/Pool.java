package dev.storageapi.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.ToIntFunction;
import javax.sql.DataSource;

/** The pool of connections, HikariCP's, made when the database is there for the first time. */
final class Pool implements AutoCloseable {

  private final DatabaseUrl url;
  private final Database.Limits limits;
  private volatile HikariDataSource source;

  Pool(DatabaseUrl url, Database.Limits limits) {
    this.url = url;
    this.limits = limits;
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
    config.setJdbcUrl(url.jdbc());
    url.properties(limits.statement()).forEach(config::addDataSourceProperty);
    config.setConnectionInitSql(url.dialect().limit(limits.statement()));
    config.setMaximumPoolSize(limits.pool());
    // Else the pool goes on trying in the background while the database is away, ever more seldom.
    config.setMinimumIdle(0);
    config.setConnectionTimeout(limits.poolWait().toMillis());
    config.setValidationTimeout(limits.poolWait().toMillis());
    config.setInitializationFailTimeout(-1);
    return config;
  }

  Connection connect() throws SQLException {
    return source().getConnection();
  }

  /**
   * The connections as libraries want them.
   *
   * @throws DatabaseFailure while there has never been a database
   */
  DataSource source() {
    HikariDataSource now = source;
    if (now == null) {
      throw new DatabaseFailure(DatabaseFailure.Kind.UNAVAILABLE, "there is no database yet", null);
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
