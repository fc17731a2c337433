package dev.storageapi.operations;

import com.sun.management.OperatingSystemMXBean;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the live page shows: a point for each second of the last five minutes, and totals. It reads
 * the same histogram that Prometheus scrapes, so both tell the same.
 */
public final class LiveStats {

  /** Seconds that are remembered. */
  static final int HISTORY = 300;

  /** Seconds over which percentiles are taken. */
  private static final int WINDOW = 10;

  /**
   * Where the numbers come from.
   *
   * @param durations the histogram of request durations
   * @param paths the path templates that count as traffic of the API
   * @param database nothing where there is to be no database
   * @param inference nothing where there is to be no model
   */
  public record Sources(
      Supplier<HistogramSnapshot> durations,
      Set<String> paths,
      IntSupplier inFlight,
      LongSupplier objects,
      LongSupplier bytes,
      Supplier<OptionalLong> capacity,
      LongSupplier rejected,
      Optional<DatabaseStats.Sources> database,
      Optional<InferenceStats.Sources> inference) {}

  /**
   * One second. Durations are in seconds and null where nothing was asked; {@code cpu} is the share
   * of all cores; {@code capacity} is null where there is no limit; {@code database} and {@code
   * inference} are null where there is to be none.
   */
  record Point(
      long t,
      long requests,
      Double avg,
      Double p50,
      Double p95,
      Double p99,
      Map<String, Long> statuses,
      int inFlight,
      long heapUsed,
      long heapMax,
      Double cpu,
      long objects,
      long bytes,
      Long capacity,
      DatabaseStats.Point database,
      InferenceStats.Point inference) {}

  /** One route since the start. */
  record RouteTotal(
      String method,
      String path,
      long requests,
      long errors,
      Double avg,
      Map<String, Long> statuses) {}

  /** Before the start. */
  private static final Reading NOTHING = new Reading();

  private final Sources sources;
  private final Optional<DatabaseStats> database;
  private final Optional<InferenceStats> inference;
  private final Clock clock;
  private final Deque<Reading> readings = new ArrayDeque<>();
  private final Deque<Point> points = new ArrayDeque<>();

  public LiveStats(Sources sources, Clock clock) {
    this.sources = sources;
    this.database = sources.database().map(DatabaseStats::new);
    this.inference = sources.inference().map(InferenceStats::new);
    this.clock = clock;
  }

  /** The durations recorded so far: what all of one tick is made of. */
  HistogramSnapshot durations() {
    return sources.durations().get();
  }

  /** Takes the next point; to be called once a second. */
  synchronized Point sample(HistogramSnapshot durations) {
    Reading now = new Reading();
    api(durations).forEach(now::add);
    Reading before = readings.isEmpty() ? now : readings.peekLast();
    Reading window = readings.isEmpty() ? now : readings.peekFirst();
    Point point =
        new Point(
            clock.instant().getEpochSecond(),
            now.count() - before.count(),
            now.average(before),
            now.quantile(0.50, window),
            now.quantile(0.95, window),
            now.quantile(0.99, window),
            now.statuses(before),
            sources.inFlight().getAsInt(),
            Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory(),
            Runtime.getRuntime().maxMemory(),
            cpu(),
            sources.objects().getAsLong(),
            sources.bytes().getAsLong(),
            orNull(sources.capacity().get()),
            database.map(DatabaseStats::sample).orElse(null),
            inference.map(InferenceStats::sample).orElse(null));
    keep(readings, now, WINDOW);
    keep(points, point, HISTORY);
    return point;
  }

  /** The points so far, oldest first. */
  synchronized List<Point> history() {
    return List.copyOf(points);
  }

  /**
   * Since the start: {@code requests}, {@code statuses}, {@code routes} and {@code rejected}; and
   * {@code database} and {@code inference} where there is to be one.
   */
  Map<String, Object> totals(HistogramSnapshot durations) {
    Reading all = new Reading();
    api(durations).forEach(all::add);
    Map<String, Object> totals = new LinkedHashMap<>();
    totals.put("requests", all.count());
    totals.put("statuses", all.statuses(NOTHING));
    totals.put("routes", routes(durations));
    totals.put("rejected", sources.rejected().getAsLong());
    database.ifPresent(stats -> totals.put("database", stats.totals()));
    inference.ifPresent(stats -> totals.put("inference", stats.totals()));
    return totals;
  }

  /** What is wrong with the database, for people; nothing if all is well or there is to be none. */
  Optional<String> databaseTrouble() {
    return database.map(DatabaseStats::trouble);
  }

  /** What is wrong with the model, for people; nothing if all is well or there is to be none. */
  Optional<String> modelTrouble() {
    return inference.map(InferenceStats::trouble);
  }

  /** The name of the model; nothing if there is to be none. */
  Optional<String> model() {
    return inference.map(InferenceStats::model);
  }

  /** The routes that were called since the start, by path and method. */
  List<RouteTotal> routes(HistogramSnapshot durations) {
    Map<List<String>, Reading> byRoute = new LinkedHashMap<>();
    for (HistogramDataPointSnapshot data : api(durations)) {
      Labels labels = data.getLabels();
      byRoute
          .computeIfAbsent(
              List.of(labels.get("path"), labels.get("method")), route -> new Reading())
          .add(data);
    }
    return byRoute.entrySet().stream()
        .map(route -> total(route.getKey().get(0), route.getKey().get(1), route.getValue()))
        .sorted(Comparator.comparing(RouteTotal::path).thenComparing(RouteTotal::method))
        .toList();
  }

  private static RouteTotal total(String path, String method, Reading reading) {
    Map<String, Long> statuses = reading.statuses(NOTHING);
    long errors =
        statuses.entrySet().stream()
            .filter(status -> status.getKey().startsWith("5"))
            .mapToLong(Map.Entry::getValue)
            .sum();
    return new RouteTotal(
        method, path, reading.count(), errors, reading.average(NOTHING), statuses);
  }

  private List<HistogramDataPointSnapshot> api(HistogramSnapshot snapshot) {
    return snapshot.getDataPoints().stream()
        .filter(data -> sources.paths().contains(data.getLabels().get("path")))
        .toList();
  }

  private static Long orNull(OptionalLong number) {
    return number.isPresent() ? number.getAsLong() : null;
  }

  private static Double cpu() {
    double load =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuLoad();
    return load < 0 ? null : load;
  }

  private static <T> void keep(Deque<T> items, T item, int most) {
    items.addLast(item);
    if (items.size() > most) {
      items.removeFirst();
    }
  }
}
