package dev.storageapi;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseUrl;
import dev.storageapi.datasets.DatasetApi;
import dev.storageapi.datasets.DatasetStore;
import dev.storageapi.datasets.Reticulation;
import dev.storageapi.operations.Readiness;
import dev.storageapi.telemetry.Metrics;
import java.util.Map;
import java.util.function.Supplier;

/** The features that live in the database, put together: none of it is there without one. */
final class Tables implements AutoCloseable {

  final Database database;
  final Reticulation reticulation;
  final DatasetApi datasets;

  Tables(Config config, DatabaseUrl url, Metrics metrics) {
    database = new Database(url, config.database().limits(), metrics);
    reticulation = new Reticulation(config.datasets().reticulation(), metrics);
    datasets =
        new DatasetApi(new DatasetStore(database), reticulation, config.datasets().maxPage());
  }

  /** What each feature lacks, if anything. */
  Map<String, Supplier<Readiness.State>> states() {
    return Map.of("datasets", this::state);
  }

  private Readiness.State state() {
    Database.State state = database.state();
    return new Readiness.State(state.up(), state.reason());
  }

  void start() {
    database.start();
  }

  /** Ends what takes long, so that nobody waits for it. */
  void beginDrain() {
    reticulation.close();
  }

  @Override
  public void close() {
    database.close();
  }
}
