package dev.storageapi.operations;

import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What a histogram of durations held at one moment, over all routes or queries; the difference of
 * two tells what came between. Not for use by several threads.
 */
final class Reading {

  private long count;
  private double sum;
  private final NavigableMap<Double, Long> buckets = new TreeMap<>();
  private final Map<String, Long> statuses = new TreeMap<>();

  void add(HistogramDataPointSnapshot data) {
    count += data.getCount();
    sum += data.getSum();
    String status = data.getLabels().get("status");
    if (status != null) {
      statuses.merge(status, data.getCount(), Long::sum);
    }
    buckets.merge(0.0, data.getNativeZeroCount(), Long::sum);
    NativeHistogramBuckets positive = data.getNativeBucketsForPositiveValues();
    for (int i = 0; i < positive.size(); i++) {
      double width = Math.scalb(1.0, -data.getNativeSchema());
      double middle = Math.pow(2, (positive.getBucketIndex(i) - 0.5) * width);
      buckets.merge(middle, positive.getCount(i), Long::sum);
    }
  }

  long count() {
    return count;
  }

  /** The average duration since {@code before} in seconds, or null if there was none. */
  Double average(Reading before) {
    return count == before.count ? null : (sum - before.sum) / (count - before.count);
  }

  /** The requests by status since {@code before}; of queries there are none. */
  Map<String, Long> statuses(Reading before) {
    Map<String, Long> since = new TreeMap<>(statuses);
    before.statuses.forEach((status, old) -> since.merge(status, -old, Long::sum));
    since.values().removeIf(more -> more == 0);
    return since;
  }

  /**
   * A quantile of the durations since {@code before} in seconds, or null if there was none. It is
   * the middle of a native histogram's bucket, whose bounds are powers of 2^(2^-schema)
   * (Prometheus' native histogram specification): at the schema 5 of the client, right to about 1
   * %.
   */
  Double quantile(double q, Reading before) {
    double rank = q * (count - before.count);
    long seen = 0;
    for (Map.Entry<Double, Long> bucket : buckets.entrySet()) {
      seen += bucket.getValue() - before.buckets.getOrDefault(bucket.getKey(), 0L);
      if (seen >= rank && seen > 0) {
        return bucket.getKey();
      }
    }
    return null;
  }
}
