package dev.storageapi.operations;

import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * What the live page shows of the database and of what needs it. It reads the same histogram that
 * Prometheus scrapes, so both tell the same.
 */
public final class DatabaseStats {

  /**
   * Where the numbers come from. They are asked for each second on one thread, so none may wait.
   *
   * @param durations the histogram of query durations
   * @param connections those at work now
   * @param pool the most connections
   * @param reticulations those at work now
   * @param reticulationsMax the most at once
   */
  public record Sources(
      Supplier<HistogramSnapshot> durations,
      Supplier<State> state,
      IntSupplier connections,
      int pool,
      IntSupplier reticulations,
      int reticulationsMax,
      Supplier<Feed> feed) {}

  /**
   * How the database is.
   *
   * @param up whether it can be asked
   * @param full whether it has no space for writes
   * @param reason in a few words for people, of which the first line is shown; empty where it is
   *     not for everybody
   */
  public record State(boolean up, boolean full, String reason) {

    /** What is wrong, for people, or null if nothing is. */
    String trouble() {
      if (up && !full) {
        return null;
      }
      String what = up ? "The database can only be read" : "The database is away";
      return reason.lines().findFirst().map(why -> what + ": " + why).orElse(what + ".");
    }
  }

  /**
   * How the feed is.
   *
   * @param age seconds since the last successful fetch, or null before the first
   * @param items those stored
   * @param interval seconds from one fetch to the next
   */
  public record Feed(Double age, long items, double interval) {}

  /** One second; {@code queryTime} is their average in seconds, or null where nothing was asked. */
  record Point(
      long queries, Double queryTime, int connections, int reticulations, Double feedAge) {}

  /** What a second alone does not tell. */
  record Totals(
      String trouble, int pool, int reticulationsMax, long feedItems, double feedInterval) {}

  private final Sources sources;
  private Reading last;

  DatabaseStats(Sources sources) {
    this.sources = sources;
  }

  /** Takes the next point; to be called once a second, by one thread at a time. */
  Point sample() {
    Reading now = new Reading();
    sources.durations().get().getDataPoints().forEach(now::add);
    Reading before = last == null ? now : last;
    last = now;
    return new Point(
        now.count() - before.count(),
        now.average(before),
        sources.connections().getAsInt(),
        sources.reticulations().getAsInt(),
        sources.feed().get().age());
  }

  Totals totals() {
    Feed feed = sources.feed().get();
    return new Totals(
        trouble(), sources.pool(), sources.reticulationsMax(), feed.items(), feed.interval());
  }

  /** What is wrong with the database, for people, or null if nothing is. */
  String trouble() {
    return sources.state().get().trouble();
  }
}
