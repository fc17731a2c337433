package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.POOL_EXHAUSTED;
import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * The connections to one server, given in the order of asking. They are made when they are needed,
 * and closed when nobody has used them for 30 s. Safe for use by many threads.
 */
final class Pool implements AutoCloseable {

  private static final Duration IDLE = Duration.ofSeconds(30);

  private final LongFunction<Link> connector;
  private final int size;
  private final Duration wait;
  private final Semaphore turns;
  private final ConcurrentLinkedDeque<Link> idle = new ConcurrentLinkedDeque<>();
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final AtomicLong generation = new AtomicLong();
  private volatile boolean closed;

  /**
   * An empty pool.
   *
   * @param connector makes a link that is not connected, of a generation
   * @param size the most connections
   * @param wait how long one waits for its turn
   */
  Pool(LongFunction<Link> connector, int size, Duration wait) {
    this.connector = connector;
    this.size = size;
    this.wait = wait;
    turns = new Semaphore(size, true);
  }

  /** Connects a link. */
  interface Opener {
    void open(Link link);
  }

  /**
   * A connection, which goes back by {@link #giveBack}.
   *
   * @throws StoreFailure if there is none in time, or it cannot be made
   */
  Link take(Opener opener) {
    awaitTurn();
    try {
      for (Link link = idle.pollFirst(); link != null; link = idle.pollFirst()) {
        if (isOfUse(link)) {
          return link;
        }
        drop(link);
      }
      return open(opener);
    } catch (RuntimeException | Error e) {
      turns.release();
      throw e;
    }
  }

  private void awaitTurn() {
    try {
      if (!turns.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new StoreFailure(POOL_EXHAUSTED, "every connection is at work", null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreFailure(UNAVAILABLE, "interrupted", e);
    }
  }

  private Link open(Opener opener) {
    Link link = connector.apply(generation.get());
    links.add(link); // before: its time is limited, too
    try {
      if (closed) { // looked at behind the adding: isGone looks the other way round
        throw new StoreFailure(UNAVAILABLE, "closed", null);
      }
      opener.open(link);
      return link;
    } catch (RuntimeException | Error e) {
      drop(link);
      throw e;
    }
  }

  void giveBack(Link link) {
    if (isOfUse(link)) {
      idle.addFirst(link);
    } else {
      drop(link);
    }
    turns.release();
    if (closed) {
      dropIdle();
    }
  }

  private boolean isOfUse(Link link) {
    return !closed && link.generation() == generation.get() && link.isSound();
  }

  private void drop(Link link) {
    links.remove(link);
    link.close();
  }

  /** Lets every connection that it has go, those in use when they come back: each may be dead. */
  void renew() {
    generation.incrementAndGet();
    dropIdle();
  }

  private void dropIdle() {
    for (Link link = idle.pollFirst(); link != null; link = idle.pollFirst()) {
      drop(link);
    }
  }

  /** Closes those that nobody has used for long. */
  void tidy() {
    for (Link link = idle.pollLast(); link != null; link = idle.pollLast()) {
      if (!link.isIdleFor(IDLE)) {
        idle.addLast(link);
        return;
      }
      drop(link);
    }
  }

  /** Ends the commands whose time is over. */
  void cutLate(long now) {
    links.forEach(link -> link.cutIfLate(now));
  }

  int active() {
    return size - turns.availablePermits();
  }

  int idle() {
    return idle.size();
  }

  int waiting() {
    return turns.getQueueLength();
  }

  int size() {
    return size;
  }

  /** Whether it is closed, and every connection has come back. */
  boolean isGone() {
    return closed && links.isEmpty();
  }

  /** Closes all, whoever uses them. */
  void cut() {
    close();
    links.forEach(Link::close);
  }

  /** Closes those that nobody uses, and the others when they come back. */
  @Override
  public void close() {
    closed = true;
    dropIdle();
  }
}
