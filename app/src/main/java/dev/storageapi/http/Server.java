package dev.storageapi.http;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The JDK's HTTP server with one context, our router and our chain. Nothing is accepted before
 * {@link #start}.
 *
 * <pre>{@code
 * Server server = new Server(new InetSocketAddress(5000), 1024, Threads.POOL, 2500, routes, filters);
 * server.start();
 * …
 * server.beginDrain();
 * server.awaitQuiet(Duration.ofSeconds(1), Duration.ofSeconds(20));
 * server.stop();
 * }</pre>
 */
public final class Server {

  /** Which threads serve requests; measured in {@code docs/performance.md}. */
  public enum Threads {
    /** {@link #VIRTUAL} from Java 24 on, else {@link #POOL}. */
    AUTO,
    /** Platform threads, as many as there are connections at work, with small stacks. */
    POOL,
    /** A virtual thread for each exchange. Before Java 24 a few slow bodies block them all. */
    VIRTUAL
  }

  private static final int STACK_BYTES = 256 * 1024;
  private static final int IDLE_THREAD_SECONDS = 30;
  private static final long POLL_MILLIS = 10;

  private final HttpServer http;
  private final ExecutorService executor;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "http-deadlines"));
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger exchanges = new AtomicInteger();
  private final AtomicLong threads = new AtomicLong();
  private final AtomicLong lastRequest = new AtomicLong(System.nanoTime());
  private volatile boolean draining;

  /**
   * Binds the address.
   *
   * @param backlog connections that the system may hold before they are accepted
   * @param maxConnections the most connections, and so the most threads of a pool
   * @throws IOException if the address cannot be bound
   */
  public Server(
      InetSocketAddress address,
      int backlog,
      Threads threads,
      int maxConnections,
      List<Route> routes,
      List<Filter> filters)
      throws IOException {
    Router router = new Router(routes);
    http = HttpServer.create(address, backlog);
    executor = executor(threads, maxConnections);
    http.setExecutor(executor instanceof ThreadPoolExecutor ? executor : this::named);
    http.createContext("/", new ExchangeAdapter(this, router, Filter.chain(filters, router)));
  }

  private static ExecutorService executor(Threads threads, int most) {
    boolean virtual =
        threads == Threads.VIRTUAL
            || (threads == Threads.AUTO && Runtime.version().feature() >= 24);
    if (virtual) {
      try {
        return virtual();
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("virtual threads need Java 21", e);
      }
    }
    AtomicInteger number = new AtomicInteger();
    return new ThreadPoolExecutor(
        0,
        most + 1,
        IDLE_THREAD_SECONDS,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> new Thread(null, task, "http-" + number.incrementAndGet(), STACK_BYTES));
  }

  /** {@code newVirtualThreadPerTaskExecutor()}, which is Java 21. */
  private static ExecutorService virtual() throws ReflectiveOperationException {
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  /**
   * Runs a request on a thread with a name: Logback finds the name of a nameless one by reflection,
   * for each event. To have a factory name them would take more reflection, a tenth of the start.
   */
  private void named(Runnable request) {
    executor.execute(
        () -> {
          Thread.currentThread().setName("http-" + threads.incrementAndGet());
          request.run();
        });
  }

  /**
   * Writes the date as the JDK's server does in each answer. The first time loads the names of days
   * and zones, which takes a tenth of the start: better beside it than within the first answer.
   */
  public static void prepare() {
    String unused =
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss zzz", Locale.US)
            .withZone(ZoneId.of("GMT"))
            .format(Instant.EPOCH);
  }

  /** Begins to accept connections. */
  public void start() {
    http.start();
  }

  /** The port that is listened on. */
  public int port() {
    return http.getAddress().getPort();
  }

  /** The requests that are being served now, streams without end aside. */
  public int inFlight() {
    return inFlight.get();
  }

  boolean isDraining() {
    return draining;
  }

  void begin(Request request, boolean counted) {
    exchanges.incrementAndGet();
    if (counted) {
      inFlight.incrementAndGet();
    }
    if (!request.is(Route.Trait.OPERATIONS)) {
      lastRequest.set(System.nanoTime());
    }
  }

  void end(boolean counted) {
    exchanges.decrementAndGet();
    if (counted) {
      inFlight.decrementAndGet();
    }
  }

  /** From now on every answer says {@code Connection: close}; see {@link #awaitQuiet}. */
  public void beginDrain() {
    draining = true;
    lastRequest.set(System.nanoTime());
  }

  /**
   * Waits until no request has come for {@code quiet} and none is under way, or {@code grace} is
   * over.
   *
   * @return whether all were answered
   */
  public boolean awaitQuiet(Duration quiet, Duration grace) throws InterruptedException {
    long start = System.nanoTime();
    while (System.nanoTime() - start < grace.toNanos()) {
      if (exchanges.get() == 0 && System.nanoTime() - lastRequest.get() >= quiet.toNanos()) {
        return true;
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return false;
  }

  /** Has this thread interrupted after a time, unless the deadline is closed before. */
  Deadline interruptAfter(Duration time) {
    Deadline deadline = new Deadline(Thread.currentThread());
    deadline.task = deadlines.schedule(deadline::expire, time.toNanos(), TimeUnit.NANOSECONDS);
    return deadline;
  }

  /** A limit to the time that this thread waits. To be closed by the same thread. */
  static final class Deadline implements AutoCloseable {

    private final Thread waiting;
    private Future<?> task;
    private boolean over;

    private Deadline(Thread waiting) {
      this.waiting = waiting;
    }

    private synchronized void expire() {
      if (!over) {
        waiting.interrupt();
      }
    }

    /** From here on there is no interrupt, and none is left behind. */
    @Override
    public synchronized void close() {
      over = true;
      task.cancel(false);
      Thread.interrupted();
    }
  }

  /** Closes everything at once: first {@link #awaitQuiet}. */
  public void stop() {
    http.stop(0);
    executor.shutdownNow();
    deadlines.shutdownNow();
  }
}
