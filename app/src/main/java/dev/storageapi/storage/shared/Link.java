package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.TIMEOUT;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisClientConfig;

/**
 * A connection. Each command has a time limit as a whole, beyond that of the socket, which is of
 * each wait for bytes and none of writing. It belongs to one thread at a time; any other may {@link
 * #cutIfLate}.
 */
final class Link implements AutoCloseable {

  private static final long NEVER = Long.MAX_VALUE;

  private final Wire wire;
  private final long limitNanos;
  private final long generation;
  private final AtomicLong since = new AtomicLong(NEVER);
  private volatile boolean late;
  private Connection connection;
  private long lastUsed;

  /**
   * A link that is not connected yet.
   *
   * @param generation of the pool that it is for
   */
  Link(Wire wire, Duration limit, long generation) {
    this.wire = wire;
    this.limitNanos = limit.toNanos();
    this.generation = generation;
  }

  /** Connects and logs in, within the time limit. */
  void connect(JedisClientConfig config) {
    connection = within(() -> new Connection(wire, config));
  }

  /** The server's answer, of what Jedis makes it. */
  Object run(CommandArguments command) {
    return within(() -> connection.executeCommand(command));
  }

  private <T> T within(Supplier<T> work) {
    lastUsed = System.nanoTime();
    since.set(lastUsed);
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw late ? new StoreFailure(TIMEOUT, "it does not answer in time", e) : e;
    } finally {
      since.set(NEVER);
    }
  }

  /** Ends the command at work if its time is over. */
  void cutIfLate(long now) {
    long began = since.get();
    boolean isLate = began != NEVER && now - began > limitNanos;
    if (isLate && since.compareAndSet(began, NEVER)) { // else it is another command by now
      late = true;
      wire.cut();
    }
  }

  /** Whether another command can be sent by it: also one that is cut later is not used again. */
  boolean isSound() {
    return !late && !connection.isBroken() && connection.isConnected();
  }

  long generation() {
    return generation;
  }

  /** Whether nobody has used it for that long. */
  boolean isIdleFor(Duration time) {
    return System.nanoTime() - lastUsed > time.toNanos();
  }

  @Override
  public void close() {
    wire.cut();
  }
}
