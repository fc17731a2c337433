package dev.storageapi.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

@SuppressWarnings("try") // a context is there for what is logged, not to be used
final class LogContextTest {
  @BeforeEach
  @AfterEach
  void clear() {
    MDC.clear();
  }

  @Test
  void closingGivesBackWhatWasThereBefore() {
    try (LogContext outer = LogContext.with("id", 1).and("step", "parse")) {
      try (LogContext inner = LogContext.with("id", 2).and("id", 3).and("row", null)) {
        assertThat(pairs()).isEqualTo("3 parse ");
      }
      assertThat(pairs()).isEqualTo("1 parse null");
    }
    assertThat(pairs()).isEqualTo("null null null");
  }

  @Test
  void aWrappedTaskTakesItsPairsAlong() throws InterruptedException {
    StringBuilder seen = new StringBuilder();
    Runnable task;
    try (LogContext context = LogContext.with("id", 1)) {
      task = Origin.here().wrap(() -> seen.append(pairs()));
    }
    Thread thread =
        new Thread(
            () -> {
              MDC.put("step", "own");
              task.run();
              seen.append(", ").append(pairs());
            });
    thread.start();
    thread.join();
    assertThat(seen).hasToString("1 null null, null own null");
  }

  private static String pairs() {
    return MDC.get("id") + " " + MDC.get("step") + " " + MDC.get("row");
  }
}
