package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.storageapi.http.Admission;
import dev.storageapi.http.Bodies;
import dev.storageapi.http.Compression;
import dev.storageapi.http.Cors;
import dev.storageapi.http.Errors;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Limits;
import dev.storageapi.http.Route;
import dev.storageapi.http.Server;
import dev.storageapi.operations.MetricsApi;
import dev.storageapi.telemetry.AccessLog;
import dev.storageapi.telemetry.HttpMetrics;
import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.TraceFilter;
import dev.storageapi.telemetry.Tracing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.event.Level;

/**
 * The real server with the real filters in this process, over routes that misbehave as the
 * product's do not; {@code /metrics} comes with it. There is one at a time. The build sets what the
 * JDK's server reads when its classes load: it cuts an answer after 2 s.
 */
public final class TestServer implements AutoCloseable {

  private static final int BODY_BYTES = 64 * 1024;

  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final Logs logs;
  private final Tracing tracing;
  private final Server server;

  /**
   * Starts it on a free port of 127.0.0.1.
   *
   * @param concurrent how many requests may be at work at once
   * @param wait how long one more waits
   */
  public TestServer(int concurrent, Duration wait, Route... routes) {
    this(Map.of(), concurrent, wait, routes);
  }

  /**
   * As the other one, and traced.
   *
   * @param otel OpenTelemetry's settings; nothing is traced without any
   */
  public TestServer(Map<String, String> otel, int concurrent, Duration wait, Route... routes) {
    Metrics metrics = new Metrics(!otel.isEmpty());
    logs =
        Logs.start(
            Logs.Format.LOGFMT, Level.INFO, Map.of(), 1 << 24, output, new LogMetrics(metrics));
    tracing =
        otel.isEmpty()
            ? Tracing.off(metrics)
            : Tracing.start(otel, "test", "1", "local", Duration.ofSeconds(3), metrics);
    TraceFilter traces = new TraceFilter(tracing.spans(), false);
    List<Route> all = new ArrayList<>(List.of(routes));
    all.add(
        Route.get("/metrics", new MetricsApi(metrics.registry())::scrape, 200)
            .with(Route.Trait.UNSHED, Route.Trait.PROBE));
    HttpMetrics http = new HttpMetrics(metrics, all);
    List<Filter> filters =
        List.of(
            traces,
            new AccessLog(true),
            http,
            new Cors(Set.of()),
            new Compression(),
            new Errors(http, traces),
            new Limits(8192, 100, 16384, true),
            new Bodies(BODY_BYTES, 16L << 20),
            new Admission(concurrent, wait));
    try {
      server =
          new Server(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              1024,
              Server.Threads.AUTO,
              2500,
              all,
              filters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.start();
  }

  public int port() {
    return server.port();
  }

  /** The requests at work now. */
  public int inFlight() {
    return server.inFlight();
  }

  /** The lines logged so far. */
  public List<String> lines() {
    return output.toString(UTF_8).lines().toList();
  }

  /** What {@code /metrics} says now. */
  public Scrape scrape() {
    try (RawClient client = RawClient.connect(port())) {
      client.write("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\n\r\n");
      return Scrape.of(client.answer().body());
    }
  }

  @Override
  public void close() {
    server.stop();
    tracing.close();
    logs.close();
  }
}
