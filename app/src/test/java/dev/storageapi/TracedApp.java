package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.TraceBackend;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The real application, and a back end in this process that its spans go to. */
final class TracedApp implements AutoCloseable {

  private static final Pattern PAIR = Pattern.compile(" ([a-z_]+)=(\"[^\"]*\"|\\S*)");

  final RunningApp app;
  final TraceBackend backend;
  private boolean ended;

  private TracedApp(RunningApp app, TraceBackend backend) {
    this.app = app;
    this.backend = backend;
  }

  /** Starts both; settings are names and values in turn. */
  static TracedApp with(String... settings) {
    TraceBackend backend = TraceBackend.start();
    return new TracedApp(RunningApp.with(settings(backend, settings)), backend);
  }

  /** Around what runs already. */
  static TracedApp of(RunningApp app, TraceBackend backend) {
    return new TracedApp(app, backend);
  }

  /** Starts the application for a back end that is there; it is closed with the application. */
  static TracedApp to(TraceBackend backend, String... settings) {
    return new TracedApp(RunningApp.with(settings(backend, settings)), backend);
  }

  /** As {@link #with}, with H2 in a folder; comes back when that is there. */
  static TracedApp withDatabase(Path folder, String... settings) {
    TraceBackend backend = TraceBackend.start();
    return new TracedApp(RunningApp.withDatabase(folder, settings(backend, settings)), backend);
  }

  /** As {@link #with}, with the digits; comes back when they are loaded. */
  static TracedApp withModel(String... settings) {
    TraceBackend backend = TraceBackend.start();
    RunningApp app = RunningApp.withModel(settings(backend, settings)).withModelLoaded();
    return new TracedApp(app, backend);
  }

  /** What sends an application's spans to a back end, twenty times a second, and more. */
  static String[] settings(TraceBackend backend, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of("OTEL_EXPORTER_OTLP_ENDPOINT", backend.url(), "OTEL_BSP_SCHEDULE_DELAY", "50"));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  /** The trace id in {@code traceresponse}. */
  static String traceId(HttpResponse<?> answer) {
    return header(answer, "traceresponse").split("-", -1)[1];
  }

  /** The span of a request, by {@code traceresponse}; it is waited for. */
  ReceivedSpan span(HttpResponse<?> answer) {
    String id = header(answer, "traceresponse").split("-", -1)[2];
    return backend.await(span -> span.id().equals(id));
  }

  /** The spans directly in another one, by the time they began. Those end before it: all came. */
  List<ReceivedSpan> children(ReceivedSpan parent) {
    return backend.trace(parent.traceId()).stream()
        .filter(span -> span.parentId().equals(parent.id()))
        .sorted(
            (a, b) ->
                Long.compare(a.span().getStartTimeUnixNano(), b.span().getStartTimeUnixNano()))
        .toList();
  }

  /** The line of a request in the access log, as pairs; it is waited for. */
  Map<String, String> line(HttpResponse<?> answer) {
    return line("request", header(answer, "X-Request-ID"));
  }

  /** The only line of a request with that message, as pairs; it is waited for. */
  Map<String, String> line(String message, String requestId) {
    List<String> lines =
        await()
            .until(
                () ->
                    app.log().stream()
                        .filter(one -> one.contains("msg=\"" + message))
                        .filter(one -> one.contains("request_id=" + requestId))
                        .toList(),
                found -> !found.isEmpty());
    Map<String, String> pairs = new TreeMap<>();
    Matcher pair = PAIR.matcher(lines.get(0));
    while (pair.find()) {
      pairs.put(pair.group(1), pair.group(2).replace("\"", ""));
    }
    return pairs;
  }

  /** What the metrics tell now. */
  Scrape scrape() {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }

  /** The metrics in the format that has exemplars. */
  String openMetrics() {
    return app.text("/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
  }

  /** How many spans were dropped; also after the end, when nobody can scrape. */
  long dropped(String reason) {
    return app.metrics.registry().scrape("telemetry_dropped"::equals).stream()
        .flatMap(family -> ((CounterSnapshot) family).getDataPoints().stream())
        .filter(point -> "traces".equals(point.getLabels().get("signal")))
        .filter(point -> reason.equals(point.getLabels().get("reason")))
        .mapToLong(point -> (long) point.getValue())
        .sum();
  }

  /** Ends the application; the back end stays, to be looked at. */
  void end() {
    if (!ended) {
      ended = true;
      app.close();
    }
  }

  @Override
  public void close() {
    end();
    backend.close();
  }
}
