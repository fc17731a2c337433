package dev.storageapi.feed;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.jdbc.DefaultJdbcCustomization;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the feed fetched when it is due, by one of the replicas that share the database. The schedule
 * is a row there, which db-scheduler's instances compete for; when the one that got it dies, its
 * heartbeats stay out and another takes over. While the database cannot be written to there is no
 * schedule.
 */
public final class Feed implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Feed.class);

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);
  private static final int MISSED_HEARTBEATS = 4;
  private static final Duration STOP = Duration.ofSeconds(2);

  /** What costs a server more than the rest, as counting rows does, is done less often. */
  private static final int TICKS_PER_COUNT = 10;

  private final Database database;
  private final FeedStore store;
  private final Fetcher fetcher;
  private final Pace pace;
  private final String source;
  private final Clock clock;
  private final CustomTask<Void> task;
  private final ScheduledExecutorService ticks =
      Executors.newSingleThreadScheduledExecutor(Feed::thread);
  private volatile Progress progress = Progress.NONE;
  private volatile long items;
  private Scheduler scheduler;
  private int tick;

  /** A feed that nobody fetches before {@link #start}. */
  public Feed(
      Database database,
      FeedStore store,
      Fetcher fetcher,
      Pace pace,
      Clock clock,
      Metrics metrics) {
    this.database = database;
    this.store = store;
    this.fetcher = fetcher;
    this.pace = pace;
    this.clock = clock;
    source = fetcher.source();
    task =
        Tasks.custom("feed", Void.class)
            .onFailure((done, row) -> row.reschedule(done, later()))
            .onDeadExecutionRevive()
            .execute((due, context) -> execute(due.getId()));
    metrics.gauge(Metric.FEED_LAST_SUCCESS, this::lastSuccessSeconds);
    metrics.gauge(Metric.FEED_ITEMS, () -> items);
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
    try {
      boolean wanted = database.state().writable();
      if (wanted && scheduler == null) {
        scheduler = schedule();
      } else if (!wanted && !fetcher.isAtWork()) {
        stop();
      }
      if (database.state().up()) {
        look();
      }
    } catch (DatabaseFailure e) {
      boolean fault = e.kind() == DatabaseFailure.Kind.FAULT;
      (fault ? log.atError() : log.atDebug()).setCause(e).log("nothing new of the feed");
    } catch (RuntimeException e) {
      log.error("nothing new of the feed", e);
    }
  }

  private Scheduler schedule() {
    Scheduler fresh =
        Scheduler.create(database.dataSource(), task)
            .jdbcCustomization(new DefaultJdbcCustomization(false)) // the same SQL for all
            .schedulerName(new SchedulerName.Fixed(UUID.randomUUID().toString()))
            .threads(1)
            .pollingInterval(poll())
            .heartbeatInterval(HEARTBEAT)
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(STOP)
            .build();
    keepRow(fresh);
    bringNear(fresh);
    fresh.start();
    return fresh;
  }

  /** A fetch that is due later than one can be is due now. */
  private void bringNear(Scheduler of) {
    Instant now = clock.instant();
    of.getScheduledExecution(task.instance(source))
        .filter(row -> !row.isPicked() && !pace.allows(row.getExecutionTime(), now))
        .ifPresent(row -> of.reschedule(row.getTaskInstance(), now));
  }

  /**
   * At most a tenth of the interval, so that finding out that a fetch is due costs little of it.
   */
  private Duration poll() {
    Duration tenth = pace.interval().dividedBy(10);
    return tenth.compareTo(TICK) < 0 ? tenth : TICK;
  }

  /** Makes the schedule's row if it is not there: a replica with another source removes it. */
  private void keepRow(Scheduler of) {
    try {
      of.scheduleIfNotExists(task.instance(source), clock.instant());
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  /** What the scheduler threw, as the failure of the database that caused it, if one did. */
  private static RuntimeException failure(RuntimeException thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException e) {
        return DatabaseFailure.of(e);
      }
    }
    return thrown;
  }

  private void stop() {
    if (scheduler != null) {
      scheduler.stop();
      scheduler = null;
    }
  }

  /** What this replica knows of the work of all of them. */
  private void look() {
    progress = store.progress(source);
    if (tick % TICKS_PER_COUNT == 0) {
      items = store.count();
      if (scheduler != null) {
        keepRow(scheduler);
      }
    }
    tick++;
  }

  private CompletionHandler<Void> execute(String due) {
    if (!due.equals(source)) {
      return (done, row) -> row.remove(); // of a source that is configured no more
    }
    Instant next = fetch();
    return (done, row) -> row.reschedule(done, next);
  }

  private Instant fetch() {
    try {
      Instant next = fetcher.fetch();
      progress = store.progress(source);
      items = store.count();
      return next;
    } catch (DatabaseFailure e) {
      log.atWarn().addKeyValue("reason", e.getMessage()).log("the feed has no database");
      return later();
    } catch (InterruptedException e) {
      // The thread is the scheduler's, which is ending it. Interrupted, it would close H2's file.
      return later();
    } catch (RuntimeException e) {
      log.error("the fetch failed, the items stay", e);
      return later();
    }
  }

  private Instant later() {
    return clock.instant().plus(pace.interval());
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

  /** How things are in the database. */
  Status status() {
    Progress now = store.progress(source);
    return new Status(
        fetcher.shown(),
        pace.interval().toMillis() / 1000.0,
        text(now.lastAttempt()),
        text(now.lastSuccess()),
        age(now),
        store.count(),
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

  /** How many items there are; some seconds old. */
  public long items() {
    return items;
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
   * Ends a fetch under way, which is begun again by whoever is next, and the schedule in the
   * background: its library takes a second for that.
   */
  public void beginDrain() {
    fetcher.close();
    ticks.execute(this::stop);
    ticks.shutdown();
  }

  /** Waits a little for the end of what {@link #beginDrain} ends. */
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
