package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.database.DatabaseFailure.Kind;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StreakTest {

  private static final Duration LIMIT = Duration.ofSeconds(3);
  private static final Duration MOMENT = Duration.ofNanos(1);

  private final AtomicBoolean up = new AtomicBoolean(true);
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE); // which overflows, as it may
  private final Streak streak = new Streak(up::get, now::get);

  private void fail(Kind kind) {
    DatabaseFailure failure = new DatabaseFailure(kind, "it failed", null);
    assertThatThrownBy(
            () ->
                streak.watch(
                    () -> {
                      throw failure;
                    }))
        .isSameAs(failure);
  }

  private void fail() {
    fail(Kind.UNAVAILABLE);
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void itIsLongJustAfterThreeSecondsAndNotJustBefore() {
    fail();
    pass(LIMIT);
    fail();
    assertThat(streak.isLong()).isFalse();

    pass(MOMENT);
    assertThat(streak.isLong()).isTrue();
  }

  @Test
  void itEndsThreeSecondsAfterTheLastFailure() {
    fail();
    pass(LIMIT);
    fail();
    pass(LIMIT);
    assertThat(streak.isLong()).isTrue();

    pass(MOMENT);
    assertThat(streak.isLong()).isFalse();
  }

  @Test
  void failuresFarFromEachOtherAreNoStreak() {
    fail();
    pass(LIMIT.plus(MOMENT));
    fail();
    assertThat(streak.isLong()).isFalse();

    pass(Duration.ofHours(3));
    fail();
    assertThat(streak.isLong()).isFalse();
  }

  @Test
  void oneSuccessEndsIt() {
    fail();
    pass(LIMIT);
    fail();
    pass(MOMENT);
    assertThat(streak.isLong()).isTrue();

    assertThat(streak.<String>watch(() -> "done")).isEqualTo("done");
    assertThat(streak.isLong()).isFalse();
    fail();
    assertThat(streak.isLong()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNAVAILABLE")
  void whatFailsForAnotherReasonIsNoneOfIt(Kind kind) {
    fail(kind);
    pass(LIMIT);
    fail(kind);
    pass(MOMENT);
    assertThat(streak.isLong()).isFalse();
  }

  @Test
  void whileTheDatabaseIsAwayThereIsAnotherReason() {
    up.set(false);
    fail();
    pass(LIMIT);
    fail();
    pass(MOMENT);
    assertThat(streak.isLong()).isFalse();
  }
}
