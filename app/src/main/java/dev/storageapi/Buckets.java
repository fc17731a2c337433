package dev.storageapi;

import static dev.storageapi.http.Route.Trait.ANY_CODING;
import static dev.storageapi.http.Route.Trait.HEAVY;
import static dev.storageapi.http.Route.delete;
import static dev.storageapi.http.Route.get;
import static dev.storageapi.http.Route.put;

import dev.storageapi.http.Filter;
import dev.storageapi.http.Route;
import dev.storageapi.operations.Readiness;
import dev.storageapi.storage.BucketApi;
import dev.storageapi.storage.BucketStore;
import dev.storageapi.storage.MemoryStore;
import dev.storageapi.storage.shared.SharedStore;
import dev.storageapi.storage.shared.StoreErrors;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The bucket store, in memory or shared, and its API, put together. No reference to a method of the
 * shared one: making it would load Jedis also where there is none.
 */
final class Buckets implements AutoCloseable {

  private final StorageConfig config;
  private final Optional<SharedStore> shared;
  private final BucketApi api;
  final BucketStore store;

  Buckets(StorageConfig config, Metrics metrics, Spans spans) {
    this.config = config;
    shared =
        config
            .url()
            .map(url -> new SharedStore(url, config.limits(), config.trust(), metrics, spans));
    store =
        shared
            .<BucketStore>map(one -> one)
            .orElseGet(() -> new MemoryStore(config.maxBytes(), config.maxObjects()));
    api = new BucketApi(store, config.deleteStatus());
    metrics.gauge(Metric.STORAGE_OBJECTS, store::count);
    metrics.gauge(Metric.STORAGE_BYTES, store::bytes);
    metrics.gauge(Metric.STORAGE_CAPACITY, () -> orInfinite(store.capacity()));
  }

  private static double orInfinite(OptionalLong limit) {
    return limit.isPresent() ? limit.getAsLong() : Double.POSITIVE_INFINITY;
  }

  List<Route> routes() {
    return shared.isPresent() ? sharedRoutes() : memoryRoutes();
  }

  private List<Route> memoryRoutes() {
    return List.of(
        put("/api/buckets/{id}", api::put, 200, 400, 413, 507)
            .maxBody(config.maxObjectBytes())
            .with(ANY_CODING),
        get("/api/buckets/{id}", api::get, 200, 400, 404),
        delete("/api/buckets/{id}", api::delete, config.deleteStatus(), 400));
  }

  /** With what only a store that can be away answers; each GET has an array of its own. */
  private List<Route> sharedRoutes() {
    return List.of(
        put("/api/buckets/{id}", api::put, 200, 400, 413, 503, 507)
            .maxBody(config.maxObjectBytes())
            .with(ANY_CODING),
        get("/api/buckets/{id}", api::get, 200, 400, 404, 503).with(HEAVY),
        delete("/api/buckets/{id}", api::delete, config.deleteStatus(), 400, 503));
  }

  /** What stands before the handlers of these routes. */
  List<Filter> filters() {
    return shared.isPresent() ? List.of(new StoreErrors()) : List.of();
  }

  /** What it lacks, if anything. */
  Readiness.State state() {
    return shared
        .map(one -> one.state())
        .map(state -> new Readiness.State(state.up(), state.reason()))
        .orElseGet(() -> new Readiness.State(true, "in memory"));
  }

  void start() {
    shared.ifPresent(one -> one.start());
  }

  @Override
  public void close() {
    shared.ifPresent(one -> one.close());
  }
}
