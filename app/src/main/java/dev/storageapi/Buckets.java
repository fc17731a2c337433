package dev.storageapi;

import static dev.storageapi.http.Route.Trait.ANY_CODING;
import static dev.storageapi.http.Route.delete;
import static dev.storageapi.http.Route.get;
import static dev.storageapi.http.Route.put;

import dev.storageapi.http.Route;
import dev.storageapi.operations.Readiness;
import dev.storageapi.storage.BucketApi;
import dev.storageapi.storage.BucketStore;
import dev.storageapi.storage.MemoryStore;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import java.util.List;

/** The bucket store and its API, put together. */
final class Buckets {

  private final StorageConfig config;
  private final BucketApi api;
  final BucketStore store;

  Buckets(StorageConfig config, Metrics metrics) {
    this.config = config;
    store = new MemoryStore(config.maxBytes(), config.maxObjects());
    api = new BucketApi(store, config.deleteStatus());
    metrics.gauge(Metric.STORAGE_OBJECTS, store::count);
    metrics.gauge(Metric.STORAGE_BYTES, store::bytes);
    metrics.gauge(Metric.STORAGE_CAPACITY, store::capacity);
  }

  List<Route> routes() {
    return List.of(
        put("/api/buckets/{id}", api::put, 200, 400, 413, 507)
            .maxBody(config.maxObjectBytes())
            .with(ANY_CODING),
        get("/api/buckets/{id}", api::get, 200, 400, 404),
        delete("/api/buckets/{id}", api::delete, config.deleteStatus(), 400));
  }

  /** What it lacks, if anything. */
  Readiness.State state() {
    return new Readiness.State(true, "in memory");
  }
}
