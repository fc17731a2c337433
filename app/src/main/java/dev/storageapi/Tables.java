package dev.storageapi;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseUrl;
import dev.storageapi.datasets.DatasetApi;
import dev.storageapi.datasets.DatasetStore;
import dev.storageapi.datasets.Reticulation;
import dev.storageapi.feed.AddressRules;
import dev.storageapi.feed.Feed;
import dev.storageapi.feed.FeedApi;
import dev.storageapi.feed.FetchStore;
import dev.storageapi.feed.Fetcher;
import dev.storageapi.feed.ItemStore;
import dev.storageapi.feed.Mapping;
import dev.storageapi.feed.Upstream;
import dev.storageapi.operations.DatabaseStats;
import dev.storageapi.operations.Readiness;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.net.URI;
import java.time.Clock;
import java.util.Map;
import java.util.function.Supplier;

/** The features that live in the database, put together: none of it is there without one. */
final class Tables implements AutoCloseable {

  private final Database database;
  private final Reticulation reticulation;
  private final DatasetStore datasetStore;
  private final Feed feed;
  final DatasetApi datasetApi;
  final FeedApi feedApi;

  Tables(
      Config config, DatabaseUrl url, String version, Metrics metrics, Spans spans, Clock clock) {
    database = new Database(url, config.database().limits(), metrics, spans);
    reticulation = new Reticulation(config.datasets().reticulation(), metrics, spans);
    datasetStore = new DatasetStore(database);
    datasetApi = new DatasetApi(datasetStore, reticulation, config.datasets().maxPage());
    feed = feed(config.feed(), version, metrics, spans, clock);
    feedApi =
        new FeedApi(
            new ItemStore(database),
            feed,
            config.feed().maxPage(),
            config.feed().maxItemBytes(),
            clock);
  }

  private Feed feed(FeedConfig config, String version, Metrics metrics, Spans spans, Clock clock) {
    FetchStore store = new FetchStore(database);
    Upstream upstream =
        new Upstream(
            URI.create(config.url()),
            new AddressRules(config.allowedHosts()),
            config.limits(),
            version,
            spans,
            clock);
    Mapping mapping =
        new Mapping(config.pointers(), config.maxItemsPerFetch(), config.maxItemBytes());
    Fetcher fetcher =
        new Fetcher(
            upstream, mapping, store, config.pace(), config.maxItems(), clock, metrics, spans);
    return new Feed(database, store, fetcher, config.pace(), clock, metrics);
  }

  boolean isUp() {
    return database.state().up();
  }

  /** What each feature lacks, if anything. */
  Map<String, Supplier<Readiness.State>> states() {
    return Map.of("datasets", this::datasetState, "feed", this::feedState);
  }

  private Readiness.State datasetState() {
    Database.State state = database.state();
    return state.up() && datasetStore.isStuck()
        ? new Readiness.State(false, state.reason() + ": nothing that is asked succeeds")
        : new Readiness.State(state.up(), state.reason());
  }

  private Readiness.State feedState() {
    Database.State state = database.state();
    return new Readiness.State(state.up(), state.up() ? feed.summary() : state.reason());
  }

  /** What the live page shows of it. */
  DatabaseStats.Sources stats(Config config) {
    boolean open = config.managementPort() == Config.NO_PORT; // /ready tells everybody the reasons
    return new DatabaseStats.Sources(
        database::durations,
        () -> seen(database.state(), open),
        database::active,
        database.poolSize(),
        reticulation::inProgress,
        config.datasets().reticulation().atOnce(),
        this::seenFeed);
  }

  private static DatabaseStats.State seen(Database.State state, boolean open) {
    return new DatabaseStats.State(state.up(), state.full(), open ? state.reason() : "");
  }

  private DatabaseStats.Feed seenFeed() {
    return new DatabaseStats.Feed(feed.age(), feed.items(), feed.interval());
  }

  void start() {
    database.start();
    feed.start();
  }

  /** Ends what takes long, so that nobody waits for it. */
  void beginDrain() {
    reticulation.close();
    feed.beginDrain();
  }

  @Override
  public void close() {
    feed.close();
    database.close();
  }
}
