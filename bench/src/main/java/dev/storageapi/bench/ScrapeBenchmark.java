package dev.storageapi.bench;

import dev.storageapi.http.Exchanges;
import dev.storageapi.http.Request;
import dev.storageapi.http.Route;
import dev.storageapi.operations.MetricsApi;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A scrape of at least 10 000 lines: the request counter and the duration histogram for 530
 * combinations of path and status, 19 lines each.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' org.openjdk.jmh.Main Scrape
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
public class ScrapeBenchmark {

  private static final int LINES = 10_000;

  /** What the scraper says it accepts. */
  @Param({"identity", "gzip"})
  private String encoding;

  private MetricsApi scrapes;
  private Request request;

  /** Fills the registry, and makes sure that it is as large as it is said to be. */
  @Setup
  public void fill() {
    Metrics metrics = new Metrics();
    Counter counter = metrics.counter(Metric.HTTP_REQUESTS);
    Histogram histogram = metrics.nativeHistogram(Metric.HTTP_REQUEST_DURATION);
    for (int i = 0; i < 530; i++) {
      String[] labels = {"/api/a-path-like-others/" + i / 5, "GET", Integer.toString(200 + i % 5)};
      counter.labelValues(labels).inc(i);
      for (int n = 0; n < 50; n++) {
        histogram.labelValues(labels).observe(n * n / 250.0);
      }
    }
    scrapes = new MetricsApi(metrics.registry());
    List<Route> routes = List.of(Route.get("/metrics", scrapes::scrape, 200));
    request = Exchanges.get("/metrics", Map.of(), routes);
    long lines = new String(scrape(), StandardCharsets.UTF_8).lines().count();
    if (lines < LINES) {
      throw new IllegalStateException(lines + " lines only");
    }
    request = Exchanges.get("/metrics", Map.of("Accept-Encoding", List.of(encoding)), routes);
  }

  /** The whole response, as bytes. */
  @Benchmark
  public byte[] scrape() {
    return Exchanges.body(scrapes.scrape(request));
  }
}
