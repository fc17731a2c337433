package dev.storageapi.database;

import com.zaxxer.hikari.HikariDataSource;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * The tables as this version of the service wants them, by the files of SQL in {@code migrations}.
 */
final class Schema {

  private final Pool pool;
  private final Database.Limits limits;
  private final Dialect dialect;

  Schema(Pool pool, Database.Limits limits, Dialect dialect) {
    this.pool = pool;
    this.limits = limits;
    this.dialect = dialect;
  }

  /**
   * Brings it up to date, if it is not: that alone may take long. Of several replicas one does it,
   * the others wait. H2 commits each statement of a migration by itself, so one that was killed or
   * had no space may be half done: it is begun again, and leaves alone what is there.
   *
   * @throws org.flywaydb.core.api.FlywayException if it cannot be done
   */
  void bringUpToDate() {
    if (!isUpToDate()) {
      try (HikariDataSource connections = pool.apart(limits.migration())) {
        Flyway flyway = flyway(connections);
        if (Stream.of(flyway.info().all()).anyMatch(one -> one.getState().isFailed())) {
          flyway.repair();
        }
        flyway.migrate();
      }
    }
  }

  private boolean isUpToDate() {
    try (HikariDataSource connections = pool.apart(limits.statement())) {
      return flyway(connections).validateWithResult().validationSuccessful;
    }
  }

  private Flyway flyway(DataSource connections) {
    return Flyway.configure()
        .dataSource(connections)
        .locations("classpath:dev/storageapi/database/migrations")
        .placeholders(dialect.placeholders())
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .load();
  }
}
