package dev.storageapi.telemetry;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.event.Level;

/** Counts what is logged and what is lost. */
public final class LogMetrics implements Logs.Listener {

  private static final String SIGNAL = "logs";

  private final Map<Level, CounterDataPoint> events = new EnumMap<>(Level.class);
  private final Counter dropped;

  public LogMetrics(Metrics metrics) {
    Counter logged = metrics.counter(Metric.LOG_EVENTS);
    for (Level level : Level.values()) {
      events.put(level, logged.labelValues(level.name().toLowerCase(java.util.Locale.ROOT)));
    }
    dropped = metrics.counter(Metric.TELEMETRY_DROPPED);
    List.of(Logs.QUEUE_FULL, Logs.WRITE_FAILED, Logs.SHUTDOWN)
        .forEach(reason -> dropped.initLabelValues(SIGNAL, reason));
  }

  @Override
  public void logged(Level level) {
    events.get(level).inc();
  }

  @Override
  public void dropped(String reason, int count) {
    dropped.labelValues(SIGNAL, reason).inc(count);
  }
}
