package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.History.Kind;
import dev.storageapi.testing.History.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the checker of histories lets pass, and what it does not. */
class HistoryTest {

  private final List<Operation> operations = new ArrayList<>();

  private HistoryTest put(String value, long called, long answered) {
    return one(Kind.PUT, value, called, answered);
  }

  private HistoryTest read(String value, long called, long answered) {
    return one(Kind.READ, value, called, answered);
  }

  private HistoryTest removed(long called, long answered) {
    return one(Kind.REMOVED, "", called, answered);
  }

  private HistoryTest one(Kind kind, String value, long called, long answered) {
    operations.add(new Operation(kind, value, called, answered));
    return this;
  }

  private HistoryTest unanswered(Kind kind, String value, long called) {
    operations.add(Operation.unanswered(kind, value, called));
    return this;
  }

  private void assertGood() {
    assertThat(History.isLinearizable(operations)).isTrue();
  }

  private void assertBad() {
    assertThat(History.isLinearizable(operations)).isFalse();
  }

  @Test
  void nothingIsGood() {
    assertGood();
  }

  @Test
  void oneAfterTheOtherIsGood() {
    read(History.ABSENT, 0, 1).put("a", 2, 3).read("a", 4, 5).removed(6, 7);
    one(Kind.NOT_REMOVED, "", 8, 9).put("b", 10, 11).read("b", 12, 13).assertGood();
  }

  @Test
  void aStaleReadIsBad() {
    put("a", 0, 1).put("b", 2, 3).read("a", 4, 5).assertBad();
  }

  @Test
  void aReadBesideAWriteSeesTheOldOrTheNew() {
    put("a", 0, 1).put("b", 2, 9).read("a", 3, 4).read("b", 5, 6).assertGood();
  }

  @Test
  void whoHasSeenTheNewOneDoesNotSeeTheOldOneAgain() {
    put("a", 0, 1).put("b", 2, 9).read("b", 3, 4).read("a", 5, 6).assertBad();
  }

  @Test
  void twoReadersDoNotSeeTwoWritesInDifferentOrders() {
    put("a", 0, 9).put("b", 0, 9);
    read("a", 10, 11).read("b", 12, 13).assertBad();
  }

  @Test
  void aReadBeforeTheWriteIsBad() {
    read("a", 0, 1).put("a", 2, 3).assertBad();
  }

  @Test
  void aReadOfWhatNobodyWroteIsBad() {
    put("a", 0, 1).read("torn", 2, 3).assertBad();
  }

  @Test
  void aLostWriteIsBad() {
    put("a", 0, 1).read(History.ABSENT, 2, 3).assertBad();
  }

  @Test
  void whatWasRemovedIsNotRead() {
    put("a", 0, 1).removed(2, 3).read("a", 4, 5).assertBad();
  }

  @Test
  void oneObjectIsNotRemovedTwice() {
    put("a", 0, 1).removed(2, 9).removed(2, 9).assertBad();
  }

  @Test
  void ofTwoRemovalsAtOnceOneFindsNothing() {
    put("a", 0, 1).removed(2, 9).one(Kind.NOT_REMOVED, "", 2, 9).assertGood();
  }

  @Test
  void aRemovalThatFoundNothingWhileSomethingWasThereIsBad() {
    put("a", 0, 1).one(Kind.NOT_REMOVED, "", 2, 3).read("a", 4, 5).assertBad();
  }

  @Test
  void aWriteWithoutAnAnswerMayHaveBeenDoneLaterOrNever() {
    put("a", 0, 1).unanswered(Kind.PUT, "b", 2).read("a", 4, 5).assertGood();
    read("b", 6, 7).assertGood();
    read("a", 8, 9).assertBad();
  }

  @Test
  void aWriteWithoutAnAnswerWasNotDoneBeforeItsCall() {
    read("b", 0, 1).unanswered(Kind.PUT, "b", 2).assertBad();
  }

  @Test
  void aRemovalWithoutAnAnswerMayHaveRemovedOnce() {
    put("a", 0, 1).unanswered(Kind.PERHAPS_REMOVED, "", 2).read("a", 3, 4).assertGood();
    read(History.ABSENT, 5, 6).put("b", 7, 8).read("b", 9, 10).assertGood();
    read(History.ABSENT, 11, 12).assertBad();
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void ofShortHistoriesThoseAreGoodForWhichSomeOrderIs(long seed) {
    Random random = new Random(seed);
    List<Kind> kinds = List.of(Kind.values());
    int good = 0;
    for (int i = 0; i < 2_000; i++) {
      operations.clear();
      for (int n = random.nextInt(6); n >= 0; n--) {
        Kind kind = kinds.get(random.nextInt(kinds.size()));
        boolean valued = kind == Kind.PUT || (kind == Kind.READ && random.nextBoolean());
        String value = valued ? "value" + random.nextInt(2) : History.ABSENT;
        long called = random.nextInt(12);
        operations.add(
            kind == Kind.PERHAPS_REMOVED
                ? Operation.unanswered(kind, value, called)
                : new Operation(kind, value, called, called + random.nextInt(6)));
      }
      boolean isGood = isSomeOrderGood(List.copyOf(operations), History.ABSENT);
      assertThat(History.isLinearizable(operations)).as("%s", operations).isEqualTo(isGood);
      good += isGood ? 1 : 0;
    }
    assertThat(good).isBetween(200, 1_800);
  }

  /** Tries every order in which nothing comes before what was answered when it was called. */
  private static boolean isSomeOrderGood(List<Operation> left, String there) {
    return left.isEmpty()
        || left.stream()
            .filter(one -> left.stream().noneMatch(other -> other.answered() < one.called()))
            .anyMatch(
                one -> {
                  List<Operation> others = new ArrayList<>(left);
                  others.remove(one);
                  String then = after(one, there);
                  return then != null && isSomeOrderGood(others, then);
                });
  }

  /** What is there then; null if the answer is wrong. */
  private static String after(Operation operation, String there) {
    return switch (operation.kind()) {
      case PUT -> operation.value();
      case READ -> operation.value().equals(there) ? there : null;
      case REMOVED -> there.isEmpty() ? null : History.ABSENT;
      case NOT_REMOVED -> there.isEmpty() ? there : null;
      case PERHAPS_REMOVED -> History.ABSENT;
    };
  }

  /**
   * Many clients at once of a true register: whatever the moments between call and answer are at
   * which it does what it is asked, the history is good. With one answer changed to what was there
   * long before, it is bad.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aLongHistoryIsGoodUntilOneOfItsReadsIsStale(long seed) {
    Random random = new Random(seed);
    String there = History.ABSENT;
    List<Operation> reads = new ArrayList<>();
    for (int moment = 0; moment < 4_000; moment++) {
      long called = moment * 10L - random.nextInt(30);
      long answered = moment * 10L + random.nextInt(30);
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          there = "value" + moment;
          put(there, called, answered);
        }
        case 2 -> {
          one(there.isEmpty() ? Kind.NOT_REMOVED : Kind.REMOVED, "", called, answered);
          there = History.ABSENT;
        }
        default -> {
          Operation read = new Operation(Kind.READ, there, called, answered);
          operations.add(read);
          reads.add(read);
        }
      }
    }
    assertGood();
    Operation stale =
        reads.stream().filter(one -> !one.value().isEmpty()).findFirst().orElseThrow();
    Operation last = reads.get(reads.size() - 1);
    operations.remove(last);
    read(stale.value(), last.called(), last.answered()).assertBad();
  }
}
