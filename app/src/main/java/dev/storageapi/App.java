package dev.storageapi;

import static dev.storageapi.http.Route.Trait.HEAVY;
import static dev.storageapi.http.Route.Trait.OPERATIONS;
import static dev.storageapi.http.Route.Trait.PROBE;
import static dev.storageapi.http.Route.Trait.STREAM;
import static dev.storageapi.http.Route.Trait.UNSHED;
import static dev.storageapi.http.Route.delete;
import static dev.storageapi.http.Route.get;
import static dev.storageapi.http.Route.post;
import static dev.storageapi.http.Route.put;

import dev.storageapi.database.DatabaseErrors;
import dev.storageapi.datasets.DatasetApi;
import dev.storageapi.feed.FeedApi;
import dev.storageapi.http.Admission;
import dev.storageapi.http.AnswerBudget;
import dev.storageapi.http.Bodies;
import dev.storageapi.http.Compression;
import dev.storageapi.http.Cors;
import dev.storageapi.http.Errors;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Limits;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.RefusedByJdk;
import dev.storageapi.http.Route;
import dev.storageapi.http.Router;
import dev.storageapi.operations.Live;
import dev.storageapi.operations.LiveStats;
import dev.storageapi.operations.MetricsApi;
import dev.storageapi.operations.Pages;
import dev.storageapi.operations.Readiness;
import dev.storageapi.operations.Service;
import dev.storageapi.operations.Summary;
import dev.storageapi.storage.BucketStore;
import dev.storageapi.telemetry.AccessLog;
import dev.storageapi.telemetry.HttpMetrics;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.TraceFilter;
import dev.storageapi.telemetry.Tracing;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole service, put together in one place. Building it binds the ports and starts nothing;
 * {@link #start} accepts, {@link #close} ends it in order.
 */
final class App implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(App.class);

  private final Config config;
  private final Metrics all;
  private final Tracing tracing;
  private final Buckets buckets;
  private final Optional<Tables> tables;
  private final Optional<Inference> inference;
  private final Readiness readiness;
  private final Service service;
  private final MetricsApi scrapes;
  private final Pages pages = new Pages();
  private final Live live;
  private final Summary summary;
  private final HttpMetrics metrics;
  private final TraceFilter traces;
  private final RefusedByJdk refusedByJdk;
  private final Servers servers;

  /**
   * Binds the ports and builds everything behind them.
   *
   * @param all the registry that every part adds its metrics to
   * @param tracing where every part's spans go; it is closed by who opened it
   * @throws IOException if a port cannot be bound
   */
  App(Config config, String version, Metrics all, Tracing tracing, Clock clock) throws IOException {
    this.config = config;
    this.all = all;
    this.tracing = tracing;
    servers = new Servers(config);
    all.gauge(Metric.HTTP_IN_FLIGHT, servers::inFlight);
    all.info(Metric.APP_INFO, version, System.getProperty("java.version"), config.environment());
    buckets = new Buckets(config.storage(), all, tracing.spans());
    tables =
        config
            .database()
            .url()
            .map(url -> new Tables(config, url, version, all, tracing.spans(), clock));
    inference =
        Optional.of(config.inference())
            .filter(InferenceConfig::on)
            .map(settings -> new Inference(settings, all, tracing.spans()));
    readiness = new Readiness(features(), config.requires());
    service =
        new Service(
            version,
            config.environment(),
            inference.map(model -> model::info),
            telemetry(config),
            clock);
    scrapes = new MetricsApi(all.registry());
    metrics = new HttpMetrics(all, routes());
    traces = new TraceFilter(tracing.spans(), config.traces().probes());
    LiveStats stats = new LiveStats(sources(buckets.store), clock);
    live =
        new Live(
            stats,
            Map.of(
                "delete_status",
                config.storage().deleteStatus(),
                "operations_here",
                config.managementPort() == Config.NO_PORT),
            service,
            readiness,
            config.liveMaxViewers(),
            config.server().responseTimeout());
    summary =
        new Summary(
            pages, stats, service, readiness, api(), config.managementPort() == Config.NO_PORT);
    refusedByJdk = new RefusedByJdk(this::refused);
    bind();
  }

  /** The API, which the service is for. */
  private List<Route> api() {
    return concat(
        concat(buckets.routes(), tables.map(App::inTables).orElse(List.of())),
        inference.map(this::predictions).orElse(List.of()));
  }

  /** What there is only with a database. */
  private static List<Route> inTables(Tables tables) {
    DatasetApi datasets = tables.datasetApi;
    FeedApi feed = tables.feedApi;
    return List.of(
        post("/datasets", datasets::post, 200, 422, 503, 507),
        get("/datasets", datasets::list, 200, 422, 503).with(HEAVY),
        get("/datasets/{id}", datasets::get, 200, 404, 422, 503),
        put("/datasets/{id}", datasets::put, 200, 404, 422, 503, 507),
        delete("/datasets/{id}", datasets::delete, 204, 404, 422, 503, 507),
        post("/datasets/{id}/reticulate", datasets::reticulate, 200, 422, 503),
        get("/feed", feed::status, 200, 503),
        get("/feed/items", feed::list, 200, 400, 503).with(HEAVY),
        post("/feed/items", feed::post, 201, 400, 409, 413, 415, 503, 507),
        get("/feed/items/{id}", feed::get, 200, 404, 503),
        put("/feed/items/{id}", feed::put, 200, 400, 404, 413, 415, 503, 507),
        delete("/feed/items/{id}", feed::delete, 204, 404, 503, 507));
  }

  /** What there is only with a model. */
  private List<Route> predictions(Inference model) {
    return List.of(
        post("/predict", model.predictApi::predict, 200, 400, 413, 422, 500, 503)
            .maxBody(config.inference().maxBodyBytes()));
  }

  /** What people look at. The lambdas: live and summary are built of what these routes count. */
  private List<Route> pages() {
    return List.of(
        get("/", request -> summary.root(request), 200).with(OPERATIONS),
        get("/live", request -> live.stream(request), 200, 503).with(OPERATIONS, UNSHED, STREAM),
        get("/docs", pages::docs, 200).with(OPERATIONS),
        get("/docs/the-500s", pages::the500s, 200).with(OPERATIONS),
        get("/openapi.json", pages::openApi, 200).with(OPERATIONS),
        get("/assets/{file}", pages::asset, 200, 404).with(OPERATIONS));
  }

  /** What machines ask, on a port of their own if there is one. */
  private List<Route> operations() {
    return List.of(
        get("/health", service::health, 200).with(OPERATIONS, UNSHED, PROBE),
        get("/ready", readiness::all, 200, 503).with(OPERATIONS, UNSHED, PROBE),
        get("/ready/{feature}", readiness::one, 200, 404, 503).with(OPERATIONS, UNSHED, PROBE),
        get("/info", service::info, 200).with(OPERATIONS, UNSHED),
        get("/metrics", scrapes::scrape, 200).with(OPERATIONS, UNSHED, PROBE));
  }

  /** What only operators may ask for: it is there on a port of their own, and nowhere else. */
  private List<Route> commands() {
    return inference
        .map(
            model ->
                List.of(
                    post("/model/reload", model.reloadApi::reload, 200, 409, 503)
                        .with(OPERATIONS, UNSHED)))
        .orElse(List.of());
  }

  /** What every request passes on its way in, outermost first. */
  private List<Filter> filters() {
    ServerConfig server = config.server();
    List<Filter> common =
        List.of(
            traces,
            new AccessLog(config.log().probes()),
            metrics,
            new Cors(Set.copyOf(config.corsAllowedOrigins())),
            new Compression(),
            new Errors(metrics, traces),
            new AnswerBudget(server.answerBudgetBytes()),
            new Limits(
                server.maxTargetBytes(),
                server.maxHeaders(),
                server.maxHeaderBytes(),
                server.acceptChunked()),
            new Bodies(server.maxBodyBytes(), server.uploadBudgetBytes()),
            new Admission(server.maxConcurrentRequests(), server.admissionWait()),
            new DatabaseErrors());
    return concat(common, buckets.filters());
  }

  /** Every route of every port. */
  List<Route> routes() {
    List<Route> open = concat(concat(api(), pages()), operations());
    return config.managementPort() == Config.NO_PORT ? open : concat(open, commands());
  }

  private void bind() throws IOException {
    List<Filter> filters = filters();
    if (config.managementPort() == Config.NO_PORT) {
      servers.bind(config.port(), routes(), filters);
    } else {
      servers.bind(config.port(), concat(api(), pages()), filters);
      servers.bind(config.managementPort(), concat(operations(), commands()), filters);
    }
  }

  private LiveStats.Sources sources(BucketStore store) {
    Set<String> paths = new HashSet<>(Set.of(Router.UNMATCHED));
    api().forEach(route -> paths.add(route.template()));
    return new LiveStats.Sources(
        metrics::durations,
        paths,
        servers::inFlight,
        store::count,
        store::bytes,
        store::capacity,
        metrics::rejectedTotal,
        tables.map(all -> all.stats(config)),
        inference.map(Inference::stats));
  }

  private Map<String, Supplier<Readiness.State>> features() {
    Map<String, Supplier<Readiness.State>> features = new HashMap<>();
    features.put("storage", buckets::state);
    tables.ifPresent(all -> features.putAll(all.states()));
    inference.ifPresent(model -> features.put("inference", model::state));
    return features;
  }

  private static Map<String, Object> telemetry(Config config) {
    return Map.of(
        "metrics",
        "/metrics",
        "logs",
        config.log().format().name().toLowerCase(Locale.ROOT),
        "traces",
        config.traces().on() ? config.traces().exporter() : "off");
  }

  private void refused(RefusedByJdk.Refused refused) {
    metrics.refused(Refusal.Reason.UNPARSEABLE);
    log.atInfo()
        .addKeyValue("status_code", refused.status())
        .addKeyValue("reason", refused.reason())
        .log("refused by the JDK's server before any filter");
  }

  /**
   * Begins to listen, then waits for what traces, then is ready; what no request of the API needs
   * starts beside it.
   *
   * @throws InvalidConfiguration if OpenTelemetry's variables are not valid
   */
  void start() {
    servers.start();
    TracesConfig.await(tracing);
    readiness.started();
    buckets.start();
    tables.ifPresent(Tables::start);
    inference.ifPresent(Inference::start);
    all.jvm();
    live.start();
  }

  /** Whether there is a database to ask now. */
  boolean hasDatabase() {
    return tables.map(Tables::isUp).orElse(false);
  }

  /** Whether there is a model to ask now. */
  boolean hasModel() {
    return inference.map(model -> model.state().ready()).orElse(false);
  }

  /** The port of the API. */
  int port() {
    return servers.port();
  }

  /** The port of the operations' routes: the same, unless there is a second. */
  int managementPort() {
    return servers.lastPort();
  }

  /** Not ready at once; then what has been accepted is answered; then the ports are closed. */
  @Override
  public void close() {
    servers.beginDrain(); // before anybody can see that it is not ready
    readiness.stopping();
    live.close();
    tables.ifPresent(Tables::beginDrain);
    servers.awaitQuiet();
    servers.stop();
    buckets.close();
    tables.ifPresent(Tables::close);
    inference.ifPresent(Inference::close);
    refusedByJdk.close();
  }

  private static <T> List<T> concat(List<T> some, List<T> more) {
    List<T> all = new ArrayList<>(some);
    all.addAll(more);
    return List.copyOf(all);
  }
}
