package dev.storageapi.telemetry;

import dev.storageapi.http.Completion;
import dev.storageapi.http.Errors;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.http.Router;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts and times every request. The data points of a path, method and status are looked up once
 * and kept; labels come from closed sets, so that no request can add a series without end.
 *
 * <pre>{@code
 * http_requests_total{path="/api/buckets/{id}",method="DELETE",status="500"} 42
 * }</pre>
 */
public final class HttpMetrics implements Filter, Errors.Events {

  /** The exceptions that are named; any other is {@code other}. */
  static final Set<String> EXCEPTIONS =
      Set.of(
          "NullPointerException",
          "IllegalArgumentException",
          "IllegalStateException",
          "UncheckedIOException",
          "StackOverflowError");

  private final Histogram duration;
  private final Counter requests;
  private final Histogram requestSize;
  private final Histogram responseSize;
  private final Counter exceptions;
  private final Map<String, Map<String, Series>> series = new HashMap<>();
  private final Map<Refusal.Reason, CounterDataPoint> rejected =
      new EnumMap<>(Refusal.Reason.class);

  /** Metrics of {@code routes}, with the counters of what they document at 0. */
  public HttpMetrics(Metrics metrics, List<Route> routes) {
    duration = metrics.nativeHistogram(Metric.HTTP_REQUEST_DURATION);
    requests = metrics.counter(Metric.HTTP_REQUESTS);
    requestSize = metrics.classicHistogram(Metric.HTTP_REQUEST_SIZE);
    responseSize = metrics.classicHistogram(Metric.HTTP_RESPONSE_SIZE);
    exceptions = metrics.counter(Metric.HTTP_EXCEPTIONS);
    Counter rejections = metrics.counter(Metric.HTTP_REJECTED);
    for (Refusal.Reason reason : Refusal.Reason.values()) {
      if (reason != Refusal.Reason.NONE) {
        rejected.put(reason, rejections.labelValues(reason.label()));
      }
    }
    for (String path : paths(routes)) {
      Map<String, Series> methods = new HashMap<>();
      Request.METHODS.forEach(method -> methods.put(method, new Series(path, method)));
      methods.put(Request.OTHER_METHOD, new Series(path, Request.OTHER_METHOD));
      series.put(path, methods);
    }
    series.get(Router.UNMATCHED).get("GET").status(404);
    for (Route route : routes) {
      Series known = series.get(route.template()).get(route.method());
      route.statuses().forEach(known::status);
      EXCEPTIONS.forEach(e -> exceptions.initLabelValues(route.template(), route.method(), e));
      exceptions.initLabelValues(route.template(), route.method(), "other");
    }
  }

  private static Set<String> paths(List<Route> routes) {
    Set<String> paths = new HashSet<>(Set.of(Router.UNMATCHED));
    routes.forEach(route -> paths.add(route.template()));
    return paths;
  }

  /** All data points of one path and method, made as they are first needed. */
  private final class Series {

    private final String path;
    private final String method;
    private volatile StatusSeries[] statuses = {}; // a few: a map would box each status
    private volatile DistributionDataPoint requestBytes;
    private volatile DistributionDataPoint responseBytes;

    Series(String path, String method) {
      this.path = path;
      this.method = method;
    }

    StatusSeries status(int status) {
      for (StatusSeries known : statuses) {
        if (known.status == status) {
          return known;
        }
      }
      return add(status);
    }

    private synchronized StatusSeries add(int status) {
      StatusSeries added = new StatusSeries(status, path, method, Integer.toString(status));
      StatusSeries[] more = Arrays.copyOf(statuses, statuses.length + 1);
      more[more.length - 1] = added;
      statuses = more;
      return added;
    }

    void sizes(long received, long sent) {
      if (responseBytes == null) {
        requestBytes = requestSize.labelValues(path, method);
        responseBytes = responseSize.labelValues(path, method);
      }
      requestBytes.observe((double) received);
      responseBytes.observe((double) sent);
    }
  }

  /** The counter and the durations of one path, method and status. */
  private final class StatusSeries {

    private final int status;
    private final String[] labels;
    private final CounterDataPoint count;
    private volatile DistributionDataPoint durations;

    StatusSeries(int status, String... labels) {
      this.status = status;
      this.labels = labels;
      this.count = requests.labelValues(labels);
    }

    DistributionDataPoint durations() {
      if (durations == null) {
        durations = duration.labelValues(labels);
      }
      return durations;
    }
  }

  @Override
  public Response apply(Request request, Handler next) {
    request.onCompletion(this::record);
    return next.handle(request);
  }

  private void record(Completion completion) {
    Request request = completion.request();
    Series known = series.get(request.path()).get(request.methodLabel());
    StatusSeries status = known.status(completion.status());
    status.count.inc();
    known.sizes(completion.requestBytes(), completion.responseBytes());
    if (!request.is(Route.Trait.STREAM)) {
      status.durations().observe(completion.seconds());
    }
  }

  /** The durations recorded so far, as a scrape would show them. */
  public HistogramSnapshot durations() {
    return duration.collect();
  }

  /** How many requests have been turned away, for whatever reason. */
  public long rejectedTotal() {
    return rejected.values().stream().mapToLong(CounterDataPoint::getLongValue).sum();
  }

  @Override
  public void refused(Refusal.Reason reason) {
    rejected.get(reason).inc();
  }

  @Override
  public void failed(Request request, Throwable cause) {
    String name = cause.getClass().getSimpleName();
    exceptions
        .labelValues(
            request.path(), request.methodLabel(), EXCEPTIONS.contains(name) ? name : "other")
        .inc();
  }
}
