package dev.storageapi.bench;

import dev.storageapi.http.Completion;
import dev.storageapi.http.Exchanges;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.telemetry.AccessLog;
import dev.storageapi.telemetry.HttpMetrics;
import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.event.Level;

/**
 * What is recorded of one request, a GET that was answered 200: step by step, and together. Time
 * and bytes are for one request; {@code -prof gc} shows the bytes.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' org.openjdk.jmh.Main Record -prof gc
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgs = "-Xmx2g")
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
public class RecordBenchmark {

  private static final List<Route> ROUTES =
      List.of(Route.get("/api/buckets/{id}", request -> Response.empty(200), 200, 404));

  /** Never full here: an event that is dropped would cost less than one that is written. */
  private static final long QUEUE_BYTES = 1 << 30;

  private CounterDataPoint count;
  private DistributionDataPoint duration;
  private Consumer<Completion> metrics;
  private Consumer<Completion> accessLog;
  private Completion completion;
  private Logs logs;

  /** The parts of the service that record, with the log written to nowhere. */
  @Setup
  public void start() {
    Metrics plain = new Metrics();
    String[] labels = {"/api/buckets/{id}", "GET", "200"};
    count = plain.counter(Metric.HTTP_REQUESTS).labelValues(labels);
    duration = plain.nativeHistogram(Metric.HTTP_REQUEST_DURATION).labelValues(labels);
    Metrics all = new Metrics();
    logs =
        Logs.start(
            Logs.Format.LOGFMT,
            Level.INFO,
            Map.of(),
            QUEUE_BYTES,
            OutputStream.nullOutputStream(),
            new LogMetrics(all));
    Request request =
        Exchanges.get("/api/buckets/7", Map.of("Host", List.of("localhost:5000")), ROUTES);
    metrics = Exchanges.listener(new HttpMetrics(all, ROUTES), request);
    accessLog = Exchanges.listener(new AccessLog(true), request);
    completion = new Completion(request, 200, 0, 100, 412_345);
  }

  @TearDown
  public void stop() {
    logs.close();
  }

  /** The counter and the duration: two data points that were looked up before. */
  @Benchmark
  public void countAndDuration() {
    count.inc();
    duration.observe(412e-6);
  }

  /** All four metrics of a request, with the search for its data points. */
  @Benchmark
  public void metrics() {
    metrics.accept(completion);
  }

  /** The access log's line: made, encoded, counted and put into the queue. */
  @Benchmark
  public void logLine() {
    accessLog.accept(completion);
  }

  /** Everything. */
  @Benchmark
  public void everything() {
    metrics.accept(completion);
    accessLog.accept(completion);
  }
}
