package dev.storageapi.operations;

import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * What the live page shows of predictions. It reads the same histogram that Prometheus scrapes, so
 * both tell the same.
 */
public final class InferenceStats {

  /**
   * Where the numbers come from. They are asked for each second on one thread, so none may wait.
   *
   * @param name of the model
   * @param confidences the histogram of how sure the predictions were
   * @param waiting images that wait for a worker
   * @param trouble why there is no model to ask, in a few words; null if there is one
   */
  public record Sources(
      String name,
      Supplier<HistogramSnapshot> confidences,
      IntSupplier waiting,
      Supplier<String> trouble) {}

  /** One second; {@code confidence} is their average, or null where nothing was predicted. */
  record Point(long predictions, Double confidence, int waiting) {}

  /** What a second alone does not tell. */
  record Totals(String model, String trouble, long predictions) {}

  private final Sources sources;
  private Reading last;

  InferenceStats(Sources sources) {
    this.sources = sources;
  }

  /** Takes the next point; to be called once a second, by one thread at a time. */
  Point sample() {
    Reading now = now();
    Reading before = last == null ? now : last;
    last = now;
    return new Point(
        now.count() - before.count(), now.average(before), sources.waiting().getAsInt());
  }

  Totals totals() {
    return new Totals(sources.name(), trouble(), now().count());
  }

  /** What is wrong with the model, for people, or null if nothing is. */
  String trouble() {
    String reason = sources.trouble().get();
    return reason == null ? null : "There is no model to ask: " + reason + ".";
  }

  String model() {
    return sources.name();
  }

  private Reading now() {
    Reading now = new Reading();
    sources.confidences().get().getDataPoints().forEach(now::add);
    return now;
  }
}
