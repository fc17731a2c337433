package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.TIMEOUT;
import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;

/**
 * A connection. Each command has a time limit as a whole, beyond that of the socket, which is of
 * each wait for bytes and none of writing. It belongs to one thread at a time; any other may {@link
 * #cutIfLate}.
 */
final class Link implements AutoCloseable {

  /** Nothing is under way. */
  private static final long NEVER = Long.MAX_VALUE;

  /** It was cut: nothing is ever sent by it again. */
  private static final long CUT = Long.MIN_VALUE;

  private final Wire wire;
  private final long limitNanos;
  private final long generation;
  private final AtomicLong since = new AtomicLong(NEVER);
  private final long mostBytes;
  private Connection connection;
  private long lastUsed;

  /**
   * A link that is not connected yet.
   *
   * @param mostBytes of a value that it reads
   * @param generation of the pool that it is for
   */
  Link(Wire wire, Duration limit, long mostBytes, long generation) {
    this.wire = wire;
    this.limitNanos = limit.toNanos();
    this.mostBytes = mostBytes;
    this.generation = generation;
  }

  /** Connects and logs in, within the time limit. */
  void connect(JedisClientConfig config) {
    connection = within(() -> new BoundedConnection(wire, config, mostBytes));
  }

  /** The server's answer, of what Jedis makes it. */
  Object run(CommandArguments command) {
    return within(() -> connection.executeCommand(command));
  }

  /** The answer of a server that another one has redirected to for once; one limit is of both. */
  Object runAsking(CommandArguments command) {
    return within(
        () -> {
          connection.executeCommand(new CommandArguments(Command.ASKING));
          return connection.executeCommand(command);
        });
  }

  private <T> T within(Supplier<T> work) {
    long started = System.nanoTime();
    lastUsed = started;
    if (!since.compareAndSet(NEVER, started)) {
      throw new StoreFailure(UNAVAILABLE, "the connection was lost", null);
    }
    try {
      return work.get();
    } catch (RuntimeException e) {
      if (StoreFailure.endsConnection(e)) {
        close(); // the server has closed its side
      }
      throw since.get() == CUT ? new StoreFailure(TIMEOUT, "it does not answer in time", e) : e;
    } finally {
      since.compareAndSet(started, NEVER); // else it is cut, and stays so
    }
  }

  /** Ends the command at work if its time is over. */
  void cutIfLate(long now) {
    long began = since.get();
    boolean isLate = began != NEVER && began != CUT && now - began > limitNanos;
    if (isLate && since.compareAndSet(began, CUT)) { // else it is another command by now
      wire.cut();
    }
  }

  /** Whether another command can be sent by it: also one that is cut later is not used again. */
  boolean isSound() {
    return since.get() != CUT && !connection.isBroken() && connection.isConnected();
  }

  long generation() {
    return generation;
  }

  /** Whether nobody has used it for that long. */
  boolean isIdleFor(Duration time) {
    return System.nanoTime() - lastUsed > time.toNanos();
  }

  /** Ends it, whoever uses it. */
  @Override
  public void close() {
    wire.cut();
  }
}
