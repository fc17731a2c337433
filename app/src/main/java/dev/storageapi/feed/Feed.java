package dev.storageapi.feed;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.http.Uncaught;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the feed is, whoever fetches it, and that it is fetched at all: while the database can be
 * written to this replica takes part in the {@link Schedule}. Looks on a thread of its own; any
 * thread may ask.
 */
public final class Feed implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Feed.class);

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration STOP = Duration.ofSeconds(2);

  /** What costs a server more than the rest is done less often. */
  private static final int SELDOM = 10;

  /** To count items takes the longer the more there are: at most a twentieth of the time. */
  private static final int REST = 19;

  private final Database database;
  private final FetchStore store;
  private final Fetcher fetcher;
  private final Pace pace;
  private final Clock clock;
  private final Schedule schedule;
  private final ScheduledExecutorService ticks =
      Executors.newSingleThreadScheduledExecutor(Feed::thread);
  private volatile Progress progress = Progress.NONE;
  private final AtomicLong items = new AtomicLong();
  private int tick;
  private boolean uncounted;
  private long nextCount = System.nanoTime();

  /** A feed that nobody fetches before {@link #start}. */
  public Feed(
      Database database,
      FetchStore store,
      Fetcher fetcher,
      Pace pace,
      Clock clock,
      Metrics metrics) {
    this.database = database;
    this.store = store;
    this.fetcher = fetcher;
    this.pace = pace;
    this.clock = clock;
    schedule = new Schedule(fetcher, pace, clock);
    metrics.gauge(Metric.FEED_LAST_SUCCESS, this::lastSuccessSeconds);
    metrics.gauge(Metric.FEED_ITEMS, items::get);
    metrics.gauge(Metric.FEED_QUOTA_REMAINING, this::quotaRemaining);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "feed");
    thread.setDaemon(true);
    return thread;
  }

  /** Begins to fetch as soon as there is a database. */
  public void start() {
    ScheduledFuture<?> unused =
        ticks.scheduleWithFixedDelay(this::tick, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void tick() {
    attempt(this::takePart);
    if (database.state().up()) {
      attempt(this::look); // also where this replica cannot take part
    }
  }

  private static void attempt(Runnable step) {
    try {
      step.run();
    } catch (DatabaseFailure e) {
      boolean fault = e.kind() == DatabaseFailure.Kind.FAULT;
      (fault ? log.atError() : log.atDebug()).setCause(e).log("nothing new of the feed");
    } catch (RuntimeException e) {
      log.error("nothing new of the feed", e);
    } catch (Error e) { // thrown on it would be the last look, without a word
      Uncaught.tell(e);
    }
  }

  private void takePart() {
    boolean wanted = database.state().writable();
    if (wanted && !schedule.isStarted()) {
      schedule.start(database.dataSource());
    } else if (!wanted && !fetcher.isAtWork()) {
      schedule.stop();
    }
  }

  /** What this replica knows of the work of all of them. */
  private void look() {
    Progress now = store.progress(fetcher.source());
    boolean due = tick++ % SELDOM == 0;
    uncounted |= due || !Objects.equals(now.lastSuccess(), progress.lastSuccess());
    progress = now;
    if (due) {
      schedule.keepRow();
    }
    if (uncounted && System.nanoTime() - nextCount >= 0 && database.state().writable()) {
      count(); // last: it may take long, or fail, while the rest goes well
    }
  }

  private void count() {
    long start = System.nanoTime();
    uncounted = false;
    try {
      items.set(store.count());
    } finally {
      long end = System.nanoTime();
      nextCount = end + REST * (end - start);
    }
  }

  /** What {@code GET /feed} tells. What is not known is null. */
  record Status(
      String source,
      double intervalSeconds,
      String lastAttempt,
      String lastSuccess,
      Double ageSeconds,
      long items,
      String nextFetch,
      Long quotaRemaining) {}

  /** How things are in the database; the items as {@link #items} has them. */
  Status status() {
    Progress now = store.progress(fetcher.source());
    return new Status(
        fetcher.shown(),
        interval(),
        text(now.lastAttempt()),
        text(now.lastSuccess()),
        age(now),
        items.get(),
        text(now.nextFetch()),
        now.quotaRemaining());
  }

  /** The seconds since the upstream last answered as it should, or null if it never did. */
  public Double age() {
    return age(progress);
  }

  private Double age(Progress now) {
    return now.lastSuccess() == null
        ? null
        : Math.max(0, Duration.between(now.lastSuccess(), clock.instant()).toMillis() / 1000.0);
  }

  /** How many items there are: as they were last counted, and what became of them here since. */
  public long items() {
    return items.get();
  }

  /** A client has added items, or removed as many if the number is negative. */
  void changed(int items) {
    this.items.addAndGet(items);
  }

  /** The seconds between two fetches when all is well. */
  public double interval() {
    return pace.interval().toMillis() / 1000.0;
  }

  /** How the fetches go, in a few words for people. */
  public String summary() {
    Double age = age();
    String success = age == null ? "never fetched" : "fetched " + age.longValue() + " s ago";
    int failures = progress.failures();
    return failures == 0 ? success : success + ", " + failures + " failures since";
  }

  private double lastSuccessSeconds() {
    Instant last = progress.lastSuccess();
    return last == null ? 0 : last.toEpochMilli() / 1000.0;
  }

  private double quotaRemaining() {
    Long remaining = progress.quotaRemaining();
    return remaining == null ? Double.NaN : remaining;
  }

  private static String text(Instant instant) {
    return instant == null ? null : instant.toString();
  }

  /**
   * Ends a request to the upstream under way, which is made again by whoever is next, and the
   * schedule in the background: its library takes a second for that, and items that are being
   * stored take what they need.
   */
  public void beginDrain() {
    fetcher.close();
    ticks.execute(schedule::stop);
    ticks.shutdown();
  }

  /**
   * Waits for the end of what {@link #beginDrain} ends, for at most {@link #STOP}. What is still
   * being stored then is undone with the end of the process.
   */
  @Override
  public void close() {
    try {
      if (!ticks.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
        log.debug("the schedule has not ended in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
