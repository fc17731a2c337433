package dev.storageapi.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a reticulation does where the heap is short. */
class ReticulationHeapTest {

  private static final int TRIES = 30;

  private static Reticulation.Cost cost(long memory) {
    return new Reticulation.Cost(Duration.ofSeconds(1), memory, Duration.ZERO, 1);
  }

  /** Collections of the whole heap, which nothing but System.gc() asks for in so small a test. */
  private static long wholeCollections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .filter(collector -> collector.getName().matches(".*(Old|MarkSweep).*"))
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  private static void refuse(Reticulation reticulation) {
    for (int i = 0; i < TRIES; i++) {
      assertThat(reticulation.run()).isEqualTo(Reticulation.Outcome.REJECTED);
    }
  }

  @Test
  void thoseThatAreRefusedHaveTheHeapCollectedOnceInFiveSeconds() {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1); // nanoTime may be anything
    try (Reticulation reticulation =
        new Reticulation(cost(1L << 50), new Metrics(), Spans.OFF, now::get)) {
      long before = wholeCollections();
      refuse(reticulation);
      long first = wholeCollections();
      now.addAndGet(Duration.ofMillis(4999).toNanos());
      refuse(reticulation);
      long still = wholeCollections();
      now.addAndGet(Duration.ofMillis(1).toNanos());
      refuse(reticulation);

      assertThat(first - before).isEqualTo(1);
      assertThat(still - first).isZero();
      assertThat(wholeCollections() - still).isEqualTo(1);
    }
  }

  @Test
  void outOfMemoryBeyondWhatItHoldsIsNotTurnedIntoAnAnswer() {
    AtomicLong asked = new AtomicLong();
    try (Reticulation reticulation =
        new Reticulation(cost(0), new Metrics(), Spans.OFF, () -> timeUntilTheHeapEnds(asked))) {
      assertThatThrownBy(reticulation::run).isInstanceOf(OutOfMemoryError.class);
      assertThat(reticulation.inProgress()).isZero();
    }
  }

  private static long timeUntilTheHeapEnds(AtomicLong asked) {
    if (asked.incrementAndGet() > 3) {
      throw new OutOfMemoryError("in the midst of the work");
    }
    return 0;
  }
}
