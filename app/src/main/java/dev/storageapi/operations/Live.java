package dev.storageapi.operations;

import dev.storageapi.http.Json;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Uncaught;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /live}: the live page's numbers as server-sent events (HTML standard, 9.2), one tick a
 * second. A stream ends itself before the server's response limit and at shutdown; browsers come
 * back by themselves.
 */
public final class Live implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Live.class);
  private static final Duration LONGEST = Duration.ofSeconds(25);

  private final LiveStats stats;
  private final Map<String, Object> facts;
  private final Service service;
  private final Readiness readiness;
  private final Semaphore viewers;
  private final int maxViewers;
  private final Duration longest;
  private final ScheduledExecutorService ticks =
      Executors.newSingleThreadScheduledExecutor(Live::thread);
  private Tick latest;
  private boolean closed;

  /** One event; each is its own, so that a viewer knows which it has seen. */
  private static final class Tick {

    private final byte[] event;

    Tick(byte[] event) {
      this.event = event;
    }
  }

  /**
   * A stream of {@code stats}.
   *
   * @param facts what every tick tells beside them
   * @param maxViewers the most streams at once
   * @param responseTimeout when the server would cut a stream
   */
  public Live(
      LiveStats stats,
      Map<String, Object> facts,
      Service service,
      Readiness readiness,
      int maxViewers,
      Duration responseTimeout) {
    this.stats = stats;
    this.facts = facts;
    this.service = service;
    this.readiness = readiness;
    this.viewers = new Semaphore(maxViewers);
    Duration safe = Duration.ofMillis(responseTimeout.toMillis() * 5 / 6);
    this.longest = safe.compareTo(LONGEST) < 0 ? safe : LONGEST;
    this.maxViewers = maxViewers;
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "live");
    thread.setDaemon(true);
    return thread;
  }

  /** Begins to take a point each second. */
  public void start() {
    ScheduledFuture<?> unused = ticks.scheduleAtFixedRate(this::tick, 0, 1, TimeUnit.SECONDS);
  }

  private void tick() {
    try {
      HistogramSnapshot durations = stats.durations();
      LiveStats.Point point = stats.sample(durations);
      if (viewers.availablePermits() == maxViewers) {
        publish(null); // nobody looks
        return;
      }
      Map<String, Object> totals = new LinkedHashMap<>(facts);
      totals.put("version", service.version());
      totals.put("environment", service.environment());
      totals.put("uptime", service.uptime().toMillis() / 1000.0);
      totals.put("ready", readiness.isReady());
      totals.putAll(stats.totals(durations));
      publish(new Tick(event("tick", Map.of("point", point, "totals", totals))));
    } catch (RuntimeException e) {
      log.error("no point of the live page this second", e);
    } catch (Error e) { // thrown on it would be the last point, without a word
      Uncaught.tell(e);
    }
  }

  private synchronized void publish(Tick tick) {
    latest = tick;
    notifyAll();
  }

  /** The stream; 503 while too many are open. */
  public Response stream(Request request) {
    if (request.method().equals("HEAD")) {
      return Response.stream("text/event-stream", out -> {});
    }
    if (!viewers.tryAcquire()) {
      throw new Refusal(
          503,
          "Too many live pages are open. Try again later.",
          Refusal.Reason.VIEWERS,
          Map.of("Retry-After", "25"));
    }
    request.onCompletion(completion -> viewers.release());
    return Response.stream("text/event-stream", this::write).with("Cache-Control", "no-store");
  }

  private void write(OutputStream out) throws IOException {
    long end = System.nanoTime() + longest.toNanos();
    out.write("retry: 1000\n".getBytes(StandardCharsets.UTF_8));
    out.write(event("history", Map.of("points", stats.history())));
    out.flush();
    Tick tick = next(null, end);
    while (tick != null) {
      out.write(tick.event);
      out.flush();
      tick = next(tick, end);
    }
    out.write(event("end", Map.of()));
  }

  /** The tick after {@code seen}, or null when the stream is to end. */
  private synchronized Tick next(Tick seen, long end) throws IOException {
    try {
      while (!closed && System.nanoTime() < end && (latest == null || latest == seen)) {
        wait(TimeUnit.SECONDS.toMillis(1));
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return closed || System.nanoTime() >= end ? null : latest;
  }

  private static byte[] event(String name, Object data) {
    String json = new String(Json.bytes(data), StandardCharsets.UTF_8);
    return ("event: " + name + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Ends every stream. */
  @Override
  public void close() {
    ticks.shutdownNow();
    synchronized (this) {
      closed = true;
      notifyAll();
    }
  }
}
