package dev.storageapi.database;

import java.time.Duration;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;

/**
 * The tables as this version of the service wants them, by the files of SQL in {@code migrations}.
 */
final class Schema {

  private final Connector connector;
  private final Database.Limits limits;
  private final Dialect dialect;

  Schema(Connector connector, Database.Limits limits, Dialect dialect) {
    this.connector = connector;
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
    if (flyway(limits.statement()).validateWithResult().validationSuccessful) {
      return;
    }
    Flyway flyway = flyway(limits.migration());
    if (Stream.of(flyway.info().all()).anyMatch(one -> one.getState().isFailed())) {
      flyway.repair();
    }
    flyway.migrate();
  }

  private Flyway flyway(Duration statement) {
    return Flyway.configure()
        .dataSource(new Connections(connector, statement))
        .locations("classpath:dev/storageapi/database/migrations")
        .placeholders(dialect.placeholders())
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .load();
  }
}
