package dev.storageapi.storage.shared;

import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import java.util.EnumMap;
import java.util.Map;
import redis.clients.jedis.Protocol.Command;

/**
 * One of the three things that can be asked of the shared store, with its metrics and spans.
 *
 * <pre>{@code
 * storage_operation_duration_seconds_count{operation="put"} 42
 * }</pre>
 */
final class Operation {

  private final Command command;
  private final String namespace;
  private final Spans spans;
  private final DistributionDataPoint durations;
  private final Map<StoreFailure.Kind, CounterDataPoint> errors =
      new EnumMap<>(StoreFailure.Kind.class);

  private Operation(
      String label,
      Command command,
      String namespace,
      Histogram durations,
      Counter errors,
      Spans spans) {
    this.command = command;
    this.namespace = namespace;
    this.spans = spans;
    this.durations = durations.labelValues(label);
    for (StoreFailure.Kind kind : StoreFailure.Kind.values()) {
      this.errors.put(kind, errors.labelValues(label, kind.label()));
    }
  }

  /** All three. */
  record All(Operation put, Operation get, Operation remove) {

    static All of(StoreUrl url, Metrics metrics, Spans spans) {
      Histogram durations = metrics.nativeHistogram(Metric.STORAGE_OPERATION_DURATION);
      Counter errors = metrics.counter(Metric.STORAGE_OPERATION_ERRORS);
      String namespace = Integer.toString(url.database());
      return new All(
          new Operation("put", Command.SET, namespace, durations, errors, spans),
          new Operation("get", Command.GET, namespace, durations, errors, spans),
          new Operation("delete", Command.DEL, namespace, durations, errors, spans));
    }
  }

  Command command() {
    return command;
  }

  /** It begins. By the conventions for databases; keys are not told. */
  ActiveSpan begin() {
    return spans
        .client(command + " bucket")
        .set("db.system.name", "redis")
        .set("db.namespace", namespace)
        .set("db.operation.name", command.name())
        .set("db.query.summary", command + " bucket");
  }

  /** It ends: the time is from asking for a connection to the whole answer. */
  void end(ActiveSpan span) {
    span.observe(durations);
  }

  void failed(StoreFailure.Kind kind) {
    errors.get(kind).inc();
  }
}
