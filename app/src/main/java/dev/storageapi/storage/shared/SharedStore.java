package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.FULL;
import static dev.storageapi.storage.shared.StoreFailure.Kind.POOL_EXHAUSTED;
import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.BucketStore;
import dev.storageapi.storage.shared.StoreUrl.Address;
import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.function.ToIntFunction;
import javax.net.ssl.SSLSocketFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * Objects in a store that several processes share: Valkey or Redis, where each is a key. It may be
 * away at any time. While it is, work fails at once with a {@link StoreFailure}. What failed is
 * never sent again: a DELETE that is repeated would find nothing, and say so. Safe for use by many
 * threads.
 */
public final class SharedStore implements BucketStore, AutoCloseable {

  /**
   * What bounds the use of the store.
   *
   * @param objectBytes the most bytes of an object; what is larger there is not read
   * @param pool the most connections to one server
   * @param poolWait how long one waits for a connection
   * @param command how long connecting may take, and how long a command
   * @param check how often to look how the store is
   */
  public record Limits(
      long objectBytes, int pool, Duration poolWait, Duration command, Duration check) {

    /** So many may wait for each connection; the others leave their places to who needs none. */
    private static final int MOST_WAITING = 2;

    /** The longest time of an operation: a turn, a connection, a command; as long redirected. */
    public Duration longest() {
      return once().plus(once());
    }

    /** The most operations at once, those included that wait for a connection. */
    public int concurrent() {
      return pool + MOST_WAITING * pool;
    }

    private Duration once() {
      return poolWait.plus(command).plus(command);
    }
  }

  /**
   * How the store is.
   *
   * @param up whether it can be asked
   * @param reason in a few words for everybody
   */
  public record State(boolean up, String reason) {}

  /** Behind it an object's id is the key. */
  private static final String PREFIX = "bucket:";

  /** A cluster that is being changed may redirect twice; more often it is not one. */
  private static final int MOST_REDIRECTIONS = 3;

  private final Limits limits;
  private final Semaphore places;
  private final Servers servers;
  private final Watcher watcher;
  private final Operation.All operations;

  /**
   * A store that is not looked for before {@link #start}.
   *
   * @param tls nothing for the JVM's own; used where the URL wants TLS
   */
  public SharedStore(
      StoreUrl url, Limits limits, Optional<SSLSocketFactory> tls, Metrics metrics, Spans spans) {
    this.limits = limits;
    places = new Semaphore(limits.concurrent());
    Access access = Access.of(url, limits, tls);
    servers = Servers.of(access);
    watcher = new Watcher(url, servers, limits);
    operations = Operation.All.of(url, metrics, spans);
    metrics.gauge(Metric.STORAGE_UP, () -> watcher.state().up() ? 1 : 0);
    Metrics.Gauges connections = metrics.gauges(Metric.STORAGE_POOL_CONNECTIONS);
    connections.add("active", () -> sum(Pool::active));
    connections.add("idle", () -> sum(Pool::idle));
    connections.add("pending", () -> sum(Pool::waiting));
    connections.add("max", () -> sum(Pool::size));
  }

  private int sum(ToIntFunction<Pool> number) {
    return servers.nodes().stream().map(Node::pool).mapToInt(number).sum();
  }

  /** Begins to look for the store, in the background. */
  public void start() {
    watcher.start();
  }

  /** How it was when last looked at. */
  public State state() {
    return new State(watcher.state().up(), watcher.state().reason());
  }

  @Override
  public Put put(String id, byte[] object) {
    byte[] key = key(id);
    CommandArguments command = new CommandArguments(operations.put().command());
    try {
      run(operations.put(), key, command.add(key).add(object));
      return Put.STORED;
    } catch (StoreFailure e) {
      if (e.kind() == FULL) {
        return Put.FULL;
      }
      throw e;
    }
  }

  @Override
  public Optional<byte[]> get(String id) {
    byte[] key = key(id);
    CommandArguments command = new CommandArguments(operations.get().command());
    return Optional.ofNullable((byte[]) run(operations.get(), key, command.add(key)));
  }

  @Override
  public Removal remove(String id) {
    byte[] key = key(id);
    CommandArguments command = new CommandArguments(operations.remove().command());
    Object removed = run(operations.remove(), key, command.add(key));
    return ((Long) removed) == 0 ? Removal.ABSENT : Removal.REMOVED;
  }

  private static byte[] key(String id) {
    return (PREFIX + id).getBytes(StandardCharsets.UTF_8);
  }

  private Object run(Operation operation, byte[] key, CommandArguments command) {
    try {
      Node node = servers.of(key);
      node.requireUp();
      return placed(operation, node, command);
    } catch (StoreFailure failure) {
      operation.failed(failure.kind());
      watcher.refused(failure);
      throw failure;
    }
  }

  /** However many servers there are, no more requests wait for them together. */
  private Object placed(Operation operation, Node node, CommandArguments command) {
    if (!places.tryAcquire()) {
      throw new StoreFailure(POOL_EXHAUSTED, "too many wait for a connection", null);
    }
    try {
      return traced(operation, node, command);
    } finally {
      places.release();
    }
  }

  private Object traced(Operation operation, Node node, CommandArguments command) {
    try (ActiveSpan span = operation.begin()) {
      try {
        return followed(node, command);
      } catch (RuntimeException e) {
        StoreFailure failure = StoreFailure.of(e);
        span.set("db.response.status_code", failure.code().isEmpty() ? null : failure.code());
        span.failed(failure.kind().label(), null);
        throw failure;
      } finally {
        operation.end(span);
      }
    }
  }

  /** A server that redirects has not done what it was asked. */
  private Object followed(Node first, CommandArguments command) {
    long start = System.nanoTime();
    Node node = first;
    boolean asking = false;
    for (int redirections = 0; ; redirections++) {
      try {
        return node.ask(command, asking);
      } catch (JedisRedirectionException e) {
        boolean tooLong = System.nanoTime() - start > limits.once().toNanos();
        if (redirections == MOST_REDIRECTIONS || tooLong) {
          throw new StoreFailure(UNAVAILABLE, "it redirects without an end", e);
        }
        asking = e instanceof JedisAskDataException;
        HostAndPort told = e.getTargetNode();
        Address target = Address.told(told.getHost(), told.getPort(), node.address());
        node = servers.redirected(e.getSlot(), target, !asking);
      }
    }
  }

  /** As last read: the keys of the database, whoever wrote them. */
  @Override
  public long count() {
    return watcher.state().objects();
  }

  /** As last read: the memory of the servers, with all that they need themselves. */
  @Override
  public long bytes() {
    return watcher.state().bytes();
  }

  /** As last read: the servers' own limit. */
  @Override
  public OptionalLong capacity() {
    return watcher.state().capacity();
  }

  /** Closes every connection, within 2 s. */
  @Override
  public void close() {
    watcher.close();
  }
}
