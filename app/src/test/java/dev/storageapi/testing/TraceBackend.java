package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;

/**
 * A back end for spans on a free port of 127.0.0.1, by OTLP over HTTP, which keeps what it took and
 * fails as a test wants.
 *
 * <pre>{@code
 * try (TraceBackend backend = TraceBackend.start()) {
 *   … "OTEL_EXPORTER_OTLP_ENDPOINT", backend.url() …
 *   ReceivedSpan span = backend.await(one -> one.name().equals("GET /health"));
 * }
 * }</pre>
 */
public final class TraceBackend implements AutoCloseable {

  /** What becomes of what is sent to it. */
  public enum Mode {
    /** It is taken. */
    HEALTHY,
    /** It is taken after a while. */
    SLOW,
    /** 503: come again. */
    UNAVAILABLE,
    /** 400: never come again. */
    REFUSING,
    /** Nothing, and nobody answers. */
    BLACK_HOLE
  }

  private static final long SLOW_MILLIS = 100;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<ReceivedSpan> spans = new CopyOnWriteArrayList<>();
  private final List<Headers> headers = new CopyOnWriteArrayList<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Mode mode = Mode.HEALTHY;

  private TraceBackend(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext("/v1/traces", this::answer);
  }

  /** Starts a healthy one. */
  public static TraceBackend start() {
    try {
      InetAddress here = InetAddress.getLoopbackAddress();
      TraceBackend backend = new TraceBackend(HttpServer.create(new InetSocketAddress(here, 0), 0));
      backend.server.start();
      return backend;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From now on it is in this mode. */
  public TraceBackend is(Mode next) {
    mode = next;
    return this;
  }

  /** For {@code OTEL_EXPORTER_OTLP_ENDPOINT}. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** How many requests came. */
  public int asked() {
    return asked.get();
  }

  /** The headers of the requests that it took. */
  public List<Headers> headers() {
    return headers;
  }

  /** What it took so far, in that order. */
  public List<ReceivedSpan> spans() {
    return spans;
  }

  /** What it took so far of one trace. */
  public List<ReceivedSpan> trace(String id) {
    return spans.stream().filter(span -> span.traceId().equals(id)).toList();
  }

  /** The first span of that kind, which is waited for. */
  public ReceivedSpan await(Predicate<ReceivedSpan> wanted) {
    return org.awaitility.Awaitility.await()
        .until(() -> spans.stream().filter(wanted).findFirst(), one -> one.isPresent())
        .orElseThrow();
  }

  /** The first span of that name, which is waited for. */
  public ReceivedSpan await(String name) {
    return await((ReceivedSpan span) -> span.name().equals(name));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked.incrementAndGet();
      byte[] body = body(exchange);
      switch (mode) {
        case HEALTHY -> take(exchange, body);
        case SLOW -> {
          if (!closed.await(SLOW_MILLIS, TimeUnit.MILLISECONDS)) {
            take(exchange, body);
          }
        }
        case UNAVAILABLE -> refuse(exchange, 503);
        case REFUSING -> refuse(exchange, 400);
        case BLACK_HOLE -> closed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] body(HttpExchange exchange) throws IOException {
    boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
    try (InputStream raw = exchange.getRequestBody();
        InputStream body = zipped ? new GZIPInputStream(raw) : raw) {
      return body.readAllBytes();
    }
  }

  /** Kept first: whoever hears that it was taken finds it. */
  private void take(HttpExchange exchange, byte[] body) throws IOException {
    headers.add(exchange.getRequestHeaders());
    ExportTraceServiceRequest.parseFrom(body)
        .getResourceSpansList()
        .forEach(
            sender ->
                sender.getScopeSpansList().stream()
                    .flatMap(scope -> scope.getSpansList().stream())
                    .map(span -> ReceivedSpan.of(span, sender.getResource().getAttributesList()))
                    .forEach(spans::add));
    exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
    exchange.sendResponseHeaders(200, -1);
  }

  private static void refuse(HttpExchange exchange, int status) throws IOException {
    byte[] why = "not today".getBytes(UTF_8);
    exchange.sendResponseHeaders(status, why.length);
    exchange.getResponseBody().write(why);
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
