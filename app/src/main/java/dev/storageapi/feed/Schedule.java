package dev.storageapi.feed;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.exceptions.TaskInstanceException;
import com.github.kagkarlsson.scheduler.jdbc.DefaultJdbcCustomization;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.http.Uncaught;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the feed is fetched, and by whom: one of the replicas that share the database. The schedule
 * is a row there, which db-scheduler's instances compete for; when the one that got it dies, its
 * heartbeats stay out and another takes over. For one thread.
 */
final class Schedule {

  private static final Logger log = LoggerFactory.getLogger(Schedule.class);

  private static final Duration LONGEST_POLL = Duration.ofSeconds(1);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);
  private static final int MISSED_HEARTBEATS = 4;

  /**
   * Until a fetch has ended: its thread would be interrupted then, and if it was just writing, H2
   * would close its file to everybody. There is an end to each fetch: all of its steps have limits.
   */
  private static final Duration AS_LONG_AS_IT_TAKES = Duration.ofDays(365);

  private final Fetcher fetcher;
  private final Pace pace;
  private final Clock clock;
  private final CustomTask<Void> task;
  private Scheduler scheduler;

  /** A schedule that nobody keeps before {@link #start}. */
  Schedule(Fetcher fetcher, Pace pace, Clock clock) {
    this.fetcher = fetcher;
    this.pace = pace;
    this.clock = clock;
    task =
        Tasks.custom("feed", Void.class)
            .onFailure((done, row) -> row.reschedule(done, later()))
            .onDeadExecutionRevive()
            .execute((due, context) -> execute(due.getId()));
  }

  /** Whether this replica takes part. */
  boolean isStarted() {
    return scheduler != null;
  }

  /**
   * Has this replica take part.
   *
   * @throws DatabaseFailure if the database does not do what it should
   */
  void start(DataSource database) {
    Scheduler fresh =
        Scheduler.create(database, task)
            .jdbcCustomization(new DefaultJdbcCustomization(false)) // the same SQL for all
            .schedulerName(new SchedulerName.Fixed(UUID.randomUUID().toString()))
            .threads(1)
            .executorService(Executors.newSingleThreadExecutor(Schedule::thread)) // stops with it
            .pollingInterval(poll())
            .heartbeatInterval(HEARTBEAT)
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(AS_LONG_AS_IT_TAKES)
            .build();
    keepRow(fresh);
    bringNear(fresh);
    fresh.start();
    scheduler = fresh;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "db-scheduler-pool");
    thread.setUncaughtExceptionHandler(Schedule::died);
    return thread;
  }

  /**
   * What the database fails with while a fetch is being begun the library lets end the thread. The
   * pool makes another one, and the fetch is begun again.
   */
  private static void died(Thread thread, Throwable cause) {
    if (cause instanceof RuntimeException thrown && failure(thrown) instanceof DatabaseFailure e) {
      hasNoDatabase(e);
    } else {
      thread.getThreadGroup().uncaughtException(thread, cause);
    }
  }

  private static void hasNoDatabase(DatabaseFailure e) {
    log.atWarn().addKeyValue("reason", e.getMessage()).log("the feed has no database");
  }

  /** A fetch that is due later than one can be is due now. */
  private void bringNear(Scheduler of) {
    Instant now = clock.instant();
    try {
      of.getScheduledExecution(task.instance(fetcher.source()))
          .filter(row -> !row.isPicked() && !pace.allows(row.getExecutionTime(), now))
          .ifPresent(row -> of.reschedule(row.getTaskInstance(), now));
    } catch (TaskInstanceException e) {
      log.debug("another replica was quicker", e); // has begun it, or removed it
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  /**
   * At most a tenth of the interval, so that finding out that a fetch is due costs little of it.
   */
  private Duration poll() {
    Duration tenth = pace.interval().dividedBy(10);
    return tenth.compareTo(LONGEST_POLL) < 0 ? tenth : LONGEST_POLL;
  }

  /**
   * Makes the schedule's row if it is not there: a replica with another source removes it.
   *
   * @throws DatabaseFailure if the database does not do what it should
   */
  void keepRow() {
    if (scheduler != null) {
      keepRow(scheduler);
    }
  }

  private void keepRow(Scheduler of) {
    try {
      of.scheduleIfNotExists(task.instance(fetcher.source()), clock.instant());
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

  /** Has this replica take part no more, and waits for the end of a fetch under way. */
  void stop() {
    if (scheduler != null) {
      scheduler.stop();
      scheduler = null;
    }
  }

  private CompletionHandler<Void> execute(String due) {
    if (!due.equals(fetcher.source())) {
      return (done, row) -> row.remove(); // of a source that is configured no more
    }
    Instant next = fetch();
    return (done, row) -> row.reschedule(done, next);
  }

  private Instant fetch() {
    try {
      return fetcher.fetch();
    } catch (DatabaseFailure e) {
      hasNoDatabase(e);
      return later();
    } catch (InterruptedException e) {
      return later(); // closed: the thread itself was not interrupted, and shall not be
    } catch (RuntimeException e) {
      log.error("the fetch failed, the items stay", e);
      return later();
    } catch (Error e) { // which the library would keep to itself
      Uncaught.tell(e);
      return later();
    }
  }

  private Instant later() {
    return clock.instant().plus(pace.interval());
  }
}
