package dev.storageapi;

import static dev.storageapi.http.Route.Trait.HEAVY;
import static dev.storageapi.http.Route.Trait.OPERATIONS;
import static dev.storageapi.http.Route.Trait.PROBE;
import static dev.storageapi.http.Route.Trait.UNSHED;
import static dev.storageapi.http.Route.get;
import static dev.storageapi.http.Route.post;
import static dev.storageapi.http.Route.put;

import dev.storageapi.http.Admission;
import dev.storageapi.http.AnswerBudget;
import dev.storageapi.http.Bodies;
import dev.storageapi.http.Errors;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Limits;
import dev.storageapi.http.Route;
import dev.storageapi.http.Server;
import dev.storageapi.operations.MetricsApi;
import dev.storageapi.operations.Service;
import dev.storageapi.simulator.AlertsApi;
import dev.storageapi.simulator.Documents;
import dev.storageapi.simulator.Quota;
import dev.storageapi.simulator.Runbooks;
import dev.storageapi.simulator.SimulatorApi;
import dev.storageapi.telemetry.AccessLog;
import dev.storageapi.telemetry.HttpMetrics;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.TraceFilter;
import dev.storageapi.telemetry.Tracing;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The simulator, put together as {@link App} puts the service together. Building it binds the port
 * and starts nothing; {@link #start} accepts, {@link #close} ends it in order.
 */
final class SimulatorApp implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SimulatorApp.class);

  private final Config config;
  private final Metrics all;
  private final Tracing tracing;
  private final SimulatorApi api;
  private final AlertsApi alerts;
  private final Runbooks runbooks = new Runbooks();
  private final Service service;
  private final MetricsApi scrapes;
  private final HttpMetrics metrics;
  private final TraceFilter traces;
  private final Server server;

  /**
   * Binds the port and builds everything behind it.
   *
   * @throws IOException if the port cannot be bound
   */
  SimulatorApp(Config config, String version, Metrics all, Tracing tracing, Clock clock)
      throws IOException {
    SimulatorConfig own = config.simulator();
    this.config = config;
    this.all = all;
    this.tracing = tracing;
    api =
        new SimulatorApi(
            new Documents(own.period(), own.documents(), clock),
            new Quota(own.quota(), clock),
            own.mode(),
            own.delay(),
            own.hugeBytes(),
            own.retryAfter());
    alerts = new AlertsApi(own.maxAlerts(), own.watchdogSilence(), clock);
    service = new Service(version, config.environment(), Optional.empty(), Map.of(), clock);
    scrapes = new MetricsApi(all.registry());
    metrics = new HttpMetrics(all, routes());
    traces = new TraceFilter(tracing.spans(), config.traces().probes());
    server = Servers.server(config, own.port(), routes(), filters());
    all.gauge(Metric.HTTP_IN_FLIGHT, server::inFlight);
    all.info(Metric.APP_INFO, version, System.getProperty("java.version"), config.environment());
  }

  /** Everything the simulator answers. */
  private List<Route> routes() {
    return List.of(
        get("/documents", api::documents, 200, 302, 304, 429, 500, 503),
        get("/documents/moved", api::moved, 200, 304),
        get("/mode", api::mode, 200).with(OPERATIONS, UNSHED),
        put("/mode/{mode}", api::switchMode, 200, 404).with(OPERATIONS, UNSHED),
        post("/alerts", alerts::receive, 204, 400, 413)
            .maxBody(config.simulator().maxNotificationBytes())
            .with(OPERATIONS, UNSHED),
        get("/alerts", alerts::show, 200, 503).with(OPERATIONS, UNSHED, HEAVY),
        get("/assets/alerts.css", alerts::style, 200).with(OPERATIONS, UNSHED),
        get("/runbooks", runbooks::list, 200).with(OPERATIONS, UNSHED),
        get("/runbooks/{name}", runbooks::one, 200, 404).with(OPERATIONS, UNSHED),
        get("/", api::about, 200).with(OPERATIONS, UNSHED),
        get("/health", service::health, 200).with(OPERATIONS, UNSHED, PROBE),
        get("/metrics", scrapes::scrape, 200).with(OPERATIONS, UNSHED, PROBE));
  }

  /** What every request passes on its way in, outermost first. */
  private List<Filter> filters() {
    ServerConfig limits = config.server();
    return List.of(
        traces,
        new AccessLog(config.log().probes()),
        metrics,
        new Errors(metrics, traces),
        new AnswerBudget(limits.answerBudgetBytes()),
        new Limits(
            limits.maxTargetBytes(),
            limits.maxHeaders(),
            limits.maxHeaderBytes(),
            limits.acceptChunked()),
        new Bodies(limits.maxBodyBytes(), limits.uploadBudgetBytes()),
        new Admission(limits.maxConcurrentRequests(), limits.admissionWait()));
  }

  /**
   * Begins to listen, and waits for what traces.
   *
   * @throws InvalidConfiguration if OpenTelemetry's variables are not valid
   */
  void start() {
    server.start();
    TracesConfig.await(tracing);
    all.jvm();
  }

  int port() {
    return server.port();
  }

  /** Those that wait are answered at once, then the rest, then the port is closed. */
  @Override
  public void close() {
    server.beginDrain();
    api.close();
    try {
      if (!server.awaitQuiet(config.shutdown().quiet(), config.shutdown().grace())) {
        log.atWarn().addKeyValue("in_flight", server.inFlight()).log("the grace period is over");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop();
  }
}
