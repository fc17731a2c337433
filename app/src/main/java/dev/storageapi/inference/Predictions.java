package dev.storageapi.inference;

import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.util.HashSet;
import java.util.Set;

/**
 * Counts what was predicted. Classes have names of their own in the metrics only while they are
 * few: those numbered from the limit on, and names that a newer model brings beyond it, are {@code
 * other}, so that a thousand classes are not a thousand series.
 */
public final class Predictions {

  private static final String OTHER = "other";
  private static final int LONGEST = 60;

  private final String model;
  private final int maxLabels;
  private final Set<String> named = new HashSet<>();
  private final Counter count;
  private final Histogram confidence;

  /** Of the model called so; {@code maxLabels} classes have names. */
  Predictions(String model, int maxLabels, Metrics metrics) {
    this.model = model;
    this.maxLabels = maxLabels;
    count = metrics.counter(Metric.MODEL_PREDICTIONS);
    confidence = metrics.classicHistogram(Metric.PREDICTION_CONFIDENCE);
  }

  void count(int id, String name, double sureness) {
    String label = label(id, name);
    count.labelValues(model, label).inc();
    confidence.labelValues(model, label).observe(sureness);
  }

  private String label(int id, String name) {
    String label =
        name.codePointCount(0, name.length()) <= LONGEST
            ? name
            : name.substring(0, name.offsetByCodePoints(0, LONGEST));
    if (id >= maxLabels) {
      return OTHER;
    }
    synchronized (named) {
      return named.contains(label) || (named.size() < maxLabels && named.add(label))
          ? label
          : OTHER;
    }
  }

  /** The histogram of how sure the predictions were. */
  public HistogramSnapshot confidences() {
    return confidence.collect();
  }
}
