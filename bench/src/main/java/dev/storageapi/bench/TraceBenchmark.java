package dev.storageapi.bench;

import com.sun.net.httpserver.Headers;
import dev.storageapi.http.Exchanges;
import dev.storageapi.http.Filter;
import dev.storageapi.http.Handler;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.telemetry.AccessLog;
import dev.storageapi.telemetry.BenchTraces;
import dev.storageapi.telemetry.HttpMetrics;
import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import dev.storageapi.telemetry.TraceFilter;
import java.io.OutputStream;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.event.Level;

/**
 * What telemetry adds to one request, a GET that is answered 200, from the outermost filter to the
 * end: without traces, and with so many of them sampled. The log is written to nowhere; a sampled
 * span goes through the queue into the SDK's batches, which nobody sends. Bytes are those of all
 * threads, so of the one that makes the batches as well.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' org.openjdk.jmh.Main TraceBench -prof gc
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgs = "-Xmx2g")
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
public class TraceBenchmark {

  private static final Response ANSWER = Response.bytes(200, "application/json", new byte[100]);
  private static final List<Route> ROUTES =
      List.of(Route.get("/api/buckets/{id}", request -> ANSWER, 200, 404));

  /** Never full here: an event that is dropped would cost less than one that is written. */
  private static final long QUEUE_BYTES = 1 << 30;

  private static final long NANOS = 412_345;

  /** How many of the requests are sampled, or off. */
  @Param({"off", "0", "0.01", "1"})
  private String traces;

  private Logs logs;
  private BenchTraces spans;
  private Request request;
  private Handler tracing;
  private Handler measuring;
  private Handler all;

  /** The filters as the service has them. */
  @Setup
  public void start() {
    boolean on = !traces.equals("off");
    Metrics metrics = new Metrics(on);
    logs =
        Logs.start(
            Logs.Format.LOGFMT,
            Level.INFO,
            Map.of(),
            QUEUE_BYTES,
            OutputStream.nullOutputStream(),
            new LogMetrics(metrics));
    spans = on ? new BenchTraces(metrics, Double.parseDouble(traces)) : null;
    Filter traceFilter = new TraceFilter(on ? spans.spans() : Spans.OFF, false);
    Headers headers = new Headers(); // those of the JDK's server, which look up as it does
    headers.set("Host", "localhost:5000");
    headers.set("User-Agent", "curl/8.14.1");
    headers.set("Accept", "*/*");
    request = Exchanges.get("/api/buckets/7", headers, ROUTES);
    tracing = Filter.chain(List.of(traceFilter), ignored -> ANSWER);
    Filter httpMetrics = new HttpMetrics(metrics, ROUTES);
    measuring = Filter.chain(List.of(traceFilter, httpMetrics), ignored -> ANSWER);
    all = Filter.chain(List.of(traceFilter, new AccessLog(true), httpMetrics), ignored -> ANSWER);
  }

  @TearDown
  public void stop() {
    if (spans != null) {
      spans.close();
    }
    logs.close();
  }

  /** The span alone. */
  @Benchmark
  public Response span() {
    return Exchanges.recorded(tracing, request, NANOS);
  }

  /** Span and metrics, whose exemplars cost time of their own. */
  @Benchmark
  public Response metrics() {
    return Exchanges.recorded(measuring, request, NANOS);
  }

  /** Span, access log and metrics. */
  @Benchmark
  public Response everything() {
    return Exchanges.recorded(all, request, NANOS);
  }
}
