package dev.storageapi.feed;

import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One fetch from beginning to end: says in the database that it begins, asks the upstream, stores
 * what came in one transaction, and knows when the next is due. Whatever fails, the items stay as
 * they were.
 */
public final class Fetcher implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Fetcher.class);

  private final Upstream upstream;
  private final Mapping mapping;
  private final FetchStore store;
  private final Pace pace;
  private final long maxItems;
  private final Clock clock;
  private final Spans spans;
  private final RandomGenerator random = new Random();
  private final Counter outcomes;
  private final DistributionDataPoint durations;
  private volatile boolean atWork;
  private ActiveSpan last;

  /**
   * A fetcher of {@code upstream}.
   *
   * @param maxItems the fetched items that are kept
   */
  public Fetcher(
      Upstream upstream,
      Mapping mapping,
      FetchStore store,
      Pace pace,
      long maxItems,
      Clock clock,
      Metrics metrics,
      Spans spans) {
    this.upstream = upstream;
    this.mapping = mapping;
    this.store = store;
    this.pace = pace;
    this.maxItems = maxItems;
    this.clock = clock;
    this.spans = spans;
    outcomes = metrics.counter(Metric.FEED_FETCHES);
    for (Outcome outcome : Outcome.values()) {
      outcomes.initLabelValues(outcome.label());
    }
    durations = metrics.nativeHistogram(Metric.FEED_FETCH_DURATION).labelValues();
  }

  /** What a fetch came to: an outcome, what people should know, and how far things are now. */
  private record Result(Outcome outcome, String detail, Progress progress) {

    boolean isFine() {
      return outcome == Outcome.SUCCESS || outcome == Outcome.NOT_MODIFIED;
    }
  }

  /**
   * Fetches, unless it is too early: a replica that died within a fetch may have been the last to
   * ask.
   *
   * @return when the next is due
   * @throws DatabaseFailure if the database cannot even be told that a fetch begins
   * @throws InterruptedException if the fetch was ended from outside
   */
  Instant fetch() throws InterruptedException {
    atWork = true;
    try {
      return fetchIfDue();
    } finally {
      atWork = false;
    }
  }

  /** Whether a fetch is under way. */
  boolean isAtWork() {
    return atWork;
  }

  /** The source, as the database knows it. */
  String source() {
    return upstream.key();
  }

  /** What the items depend on beside the document, as the database knows it. */
  private String settings() {
    return mapping.key() + " " + maxItems;
  }

  /** The source, for people. */
  String shown() {
    return upstream.shown();
  }

  private Instant fetchIfDue() throws InterruptedException {
    Instant now = clock.instant();
    Progress before = store.progress(source());
    Instant due = before.nextFetch();
    if (due != null && now.isBefore(due) && pace.allows(due, now)) {
      return due;
    }
    Progress begun = before.attempted(now, now.plus(pace.next(random)));
    store.advance(source(), begun);
    return traced(begun).progress().nextFetch();
  }

  /** A trace of its own, which points to the one before. */
  private Result traced(Progress begun) throws InterruptedException {
    try (ActiveSpan span = spans.start("feed fetch").link(last)) {
      last = span;
      span.set("feed.source", shown());
      try {
        return ended(ask(begun), span);
      } catch (RuntimeException e) {
        span.failed(e.getClass().getName(), null);
        throw e;
      }
    }
  }

  private Result ended(Result result, ActiveSpan span) {
    span.set("feed.outcome", result.outcome().label());
    if (!result.isFine()) {
      span.failed(result.outcome().label(), result.detail());
    }
    span.observe(durations);
    outcomes.labelValues(result.outcome().label()).inc();
    tell(result);
    return result;
  }

  private Result ask(Progress begun) throws InterruptedException {
    Answer answer = upstream.fetch(begun.validators(settings()));
    Long quota = answer.quotaRemaining().isPresent() ? answer.quotaRemaining().getAsLong() : null;
    return switch (answer.outcome()) {
      case SUCCESS -> read(begun, answer, quota);
      case NOT_MODIFIED -> {
        Progress done =
            begun.succeeded(
                clock.instant(), answer.validators(), settings(), quota, begun.nextFetch());
        yield save(new Result(Outcome.NOT_MODIFIED, answer.detail(), done));
      }
      default -> failed(begun, answer, answer.outcome(), answer.detail(), quota);
    };
  }

  private Result read(Progress begun, Answer answer, Long quota) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS); // as databases keep it
    Mapping.Mapped mapped = mapping.map(answer.body().orElseThrow(), now);
    if (mapped.outcome() != Outcome.SUCCESS) {
      return failed(begun, answer, mapped.outcome(), mapped.detail(), quota);
    }
    Progress done = begun.succeeded(now, answer.validators(), settings(), quota, begun.nextFetch());
    try {
      int changed = store.refresh(source(), mapped.items(), now, done, maxItems);
      return new Result(Outcome.SUCCESS, detail(mapped, changed), done);
    } catch (DatabaseFailure e) {
      return failed(begun, answer, Outcome.DATABASE_ERROR, e.getMessage(), quota);
    }
  }

  private static String detail(Mapping.Mapped mapped, int changed) {
    return mapped.items().size()
        + " items, "
        + changed
        + " of them new or changed, "
        + mapped.skipped()
        + " skipped";
  }

  private Result failed(Progress begun, Answer answer, Outcome outcome, String detail, Long quota) {
    Duration wait = pace.next(begun.failures() + 1, answer.retryAfter(), random);
    Progress after = begun.failed(quota, clock.instant().plus(wait));
    return save(new Result(outcome, detail, after));
  }

  /** Keeps how far it came; where even that fails, what was said at the beginning holds. */
  private Result save(Result result) {
    try {
      store.advance(source(), result.progress());
      return result;
    } catch (DatabaseFailure e) {
      log.debug("the feed's progress is not saved", e);
      boolean failed = result.outcome() != Outcome.NOT_MODIFIED;
      return failed
          ? result
          : new Result(Outcome.DATABASE_ERROR, e.getMessage(), result.progress());
    }
  }

  private void tell(Result result) {
    boolean fine = result.isFine();
    (fine ? log.atInfo() : log.atWarn())
        .addKeyValue("source", shown())
        .addKeyValue("outcome", result.outcome().label())
        .addKeyValue("detail", result.detail())
        .addKeyValue("next_fetch", result.progress().nextFetch())
        .log(fine ? "fetched" : "the fetch failed, the items stay");
  }

  /** Ends the fetch under way, and lets no other begin. */
  @Override
  public void close() {
    upstream.close();
  }
}
