package dev.storageapi;

import dev.storageapi.database.Database;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.util.concurrent.TimeUnit;

/** The service's own schema, pool and settings of the driver, for what is compared with it. */
public final class BareDatabase {

  private BareDatabase() {}

  /**
   * Opens the database that the environment names, as the service does, and returns when it can be
   * used.
   */
  public static Database open() throws InterruptedException {
    DatabaseConfig config = Config.from(System.getenv()).database();
    Database database =
        new Database(config.url().orElseThrow(), config.limits(), new Metrics(), Spans.OFF);
    database.start();
    while (!database.state().writable()) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return database;
  }
}
