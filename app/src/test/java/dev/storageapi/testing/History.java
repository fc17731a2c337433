package dev.storageapi.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What clients asked of one object, and what they heard. It is linearizable if every operation can
 * have happened at one moment between its call and its answer, such that each answer is right: a
 * read that is stale, or an acknowledged write that is lost, fits nowhere.
 *
 * <p>The search is that of Wing and Gong (<a href="https://doi.org/10.1006/jpdc.1993.1015">Testing
 * and Verifying Concurrent Objects</a>, 1993) with Lowe's memory of what was tried before (Testing
 * for linearizability, 2017).
 */
public final class History {

  /** The object is not there. */
  public static final String ABSENT = "";

  private static final long NEVER = Long.MAX_VALUE;

  /** What was done, as far as its answer tells. */
  public enum Kind {
    /** The value was stored. */
    PUT,
    /** The value was read; {@link #ABSENT} if there was none. */
    READ,
    /** An object was there, and was removed. */
    REMOVED,
    /** There was none to remove. */
    NOT_REMOVED,
    /** Removed or not, if it was done at all: its answer was lost. */
    PERHAPS_REMOVED
  }

  /**
   * One request.
   *
   * @param value what was stored or read; no two are stored alike
   * @param called when it was about to be sent
   * @param answered when its answer was there, on the same clock
   */
  public record Operation(Kind kind, String value, long called, long answered) {

    /** The same without an answer: it may have been done at any time since, or never. */
    public static Operation unanswered(Kind kind, String value, long called) {
      return new Operation(kind, value, called, NEVER); // done after all others, nobody notices
    }

    /** What is there afterwards, or empty if the answer is wrong for what was there before. */
    private Optional<String> after(String before) {
      boolean absent = before.equals(ABSENT);
      return switch (kind) {
        case PUT -> Optional.of(value);
        case READ -> value.equals(before) ? Optional.of(before) : Optional.empty();
        case REMOVED -> absent ? Optional.empty() : Optional.of(ABSENT);
        case NOT_REMOVED -> absent ? Optional.of(ABSENT) : Optional.empty();
        case PERHAPS_REMOVED -> Optional.of(ABSENT);
      };
    }
  }

  /** A call or an answer in the list of those that are not placed yet. */
  private static final class Event {

    private final Operation operation;
    private final int number;
    private final Event answer; // null in an answer
    private Event previous;
    private Event next;

    Event(Operation operation, int number, Event answer) {
      this.operation = operation;
      this.number = number;
      this.answer = answer;
    }

    long time() {
      return answer == null ? operation.answered : operation.called;
    }

    void unlink() {
      previous.next = next;
      if (next != null) {
        next.previous = previous;
      }
    }

    void relink() {
      previous.next = this;
      if (next != null) {
        next.previous = this;
      }
    }
  }

  /** Some operations have been placed, and that is there. */
  private record Tried(BitSet placed, String state) {}

  /** An operation was placed when that was there. */
  private record Step(Event call, String before) {}

  private final Event head = new Event(null, -1, null);
  private final BitSet placed = new BitSet();
  private final Set<Tried> tried = new HashSet<>();
  private final Deque<Step> steps = new ArrayDeque<>();
  private String state = ABSENT;

  private History(Collection<Operation> operations) {
    List<Event> events = new ArrayList<>();
    for (Operation operation : operations) {
      Event answer = new Event(operation, events.size(), null);
      events.add(answer);
      events.add(new Event(operation, answer.number, answer));
    }
    // Calls come first where times are equal: then the two may have been at once.
    events.sort(Comparator.comparingLong(Event::time).thenComparing(one -> one.answer == null));
    Event last = head;
    for (Event event : events) {
      last.next = event;
      event.previous = last;
      last = event;
    }
  }

  /** Whether the answers are those of one object that was absent at first. */
  public static boolean isLinearizable(Collection<Operation> operations) {
    return new History(operations).search();
  }

  private boolean search() {
    Event event = head.next;
    while (head.next != null) {
      if (event.answer != null) {
        event = place(event) ? head.next : event.next;
      } else if (steps.isEmpty()) {
        return false;
      } else {
        event = takeBack().next;
      }
    }
    return true;
  }

  /** Has the operation happen now, unless its answer is wrong then or all that was tried. */
  private boolean place(Event call) {
    Optional<String> after = call.operation.after(state);
    if (after.isEmpty()) {
      return false;
    }
    BitSet with = (BitSet) placed.clone();
    with.set(call.number);
    if (!tried.add(new Tried(with, after.get()))) {
      return false;
    }
    steps.push(new Step(call, state));
    state = after.get();
    placed.set(call.number);
    call.unlink();
    call.answer.unlink();
    return true;
  }

  private Event takeBack() {
    Step step = steps.pop();
    Event call = step.call;
    state = step.before;
    placed.clear(call.number);
    call.answer.relink();
    call.relink();
    return call;
  }
}
