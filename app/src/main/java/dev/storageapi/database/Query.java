package dev.storageapi.database;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;

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

  Query(String operation, String sql, DistributionDataPoint durations, CounterDataPoint errors) {
    this.operation = operation;
    this.sql = sql;
    this.durations = durations;
    this.errors = errors;
  }

  String sql() {
    return sql;
  }

  /** It took so long, from the statement to its last row. */
  void took(long nanos) {
    durations.observe(nanos / 1e9);
  }

  void failed() {
    errors.inc();
  }

  @Override
  public String toString() {
    return operation;
  }
}
