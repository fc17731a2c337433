package dev.storageapi.database;

import dev.storageapi.telemetry.ActiveSpan;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.util.function.Supplier;

/**
 * A statement with a name. The name is the label of its metrics, so names are a closed set: each is
 * written once in the code, and its values are always bound, never part of the text.
 *
 * <pre>{@code
 * db_query_duration_seconds_count{operation="dataset_get"} 42
 * }</pre>
 */
public final class Query {

  private final String operation;
  private final String sql;
  private final DistributionDataPoint durations;
  private final CounterDataPoint errors;
  private final Supplier<ActiveSpan> spans;

  Query(
      String operation,
      String sql,
      DistributionDataPoint durations,
      CounterDataPoint errors,
      Supplier<ActiveSpan> spans) {
    this.operation = operation;
    this.sql = sql;
    this.durations = durations;
    this.errors = errors;
    this.spans = spans;
  }

  String sql() {
    return sql;
  }

  /** It begins. */
  ActiveSpan begin() {
    return spans.get();
  }

  /** It ends: the time is from the statement to its last row. */
  void end(ActiveSpan span) {
    span.observe(durations);
  }

  void failed() {
    errors.inc();
  }

  @Override
  public String toString() {
    return operation;
  }
}
