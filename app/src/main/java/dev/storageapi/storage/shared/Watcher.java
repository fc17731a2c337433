package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.http.Uncaught;
import dev.storageapi.storage.shared.StoreUrl.Address;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the shared store on a thread of its own, by connections of its own, and knows how the
 * store is. A second thread ends commands whose time is over.
 */
final class Watcher implements AutoCloseable {

  /**
   * How the store was when last looked at.
   *
   * @param up whether it can be asked
   * @param reason in a few words for everybody: it names no host
   * @param objects of all its servers
   * @param bytes of memory that they use
   * @param capacity the memory that they may use; nothing where that has no limit
   */
  record State(boolean up, String reason, long objects, long bytes, OptionalLong capacity) {}

  private static final Logger log = LoggerFactory.getLogger(Watcher.class);

  private static final long CLOSE_MILLIS = 2000;

  /** How long a refusal is not logged again. */
  private static final Duration QUIET = Duration.ofMinutes(1);

  /** Ends of time limits are looked at so many times within one. */
  private static final int PRECISION = 10;

  private final StoreUrl url;
  private final Servers servers;
  private final SharedStore.Limits limits;
  private final ScheduledExecutorService checks =
      Executors.newScheduledThreadPool(2, Watcher::thread);
  private volatile State state = new State(false, "starting", 0, 0, OptionalLong.of(0));

  /** The codes of the server's refusals that were logged within this minute. */
  private final Set<String> refusals = ConcurrentHashMap.newKeySet();

  private final Set<Address> warned = new HashSet<>();
  private long refusalsSince = System.nanoTime();
  private boolean started;

  Watcher(StoreUrl url, Servers servers, SharedStore.Limits limits) {
    this.url = url;
    this.servers = servers;
    this.limits = limits;
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "storage");
    thread.setDaemon(true);
    return thread;
  }

  void start() {
    long precision = Math.max(1, limits.command().toMillis() / PRECISION);
    every(limits.check().toMillis(), this::check);
    every(precision, () -> servers.cutLate(System.nanoTime()));
  }

  private void every(long millis, Runnable task) {
    ScheduledFuture<?> unused =
        checks.scheduleWithFixedDelay(() -> runAndTell(task), 0, millis, TimeUnit.MILLISECONDS);
  }

  /** An exception would be the last run; the executor would keep an error to itself. */
  private static void runAndTell(Runnable task) {
    try {
      task.run();
    } catch (OutOfMemoryError e) {
      Uncaught.tell(e);
    } catch (RuntimeException | Error e) {
      log.warn("the shared store cannot be looked at", e);
    }
  }

  State state() {
    return state;
  }

  private void check() {
    Optional<String> lost = Optional.empty();
    try {
      servers.look();
    } catch (RuntimeException e) {
      lost = Optional.of(StoreFailure.noConnection(e).getMessage());
      log.debug("the shared store cannot be found", e);
    }
    Collection<Node> nodes = servers.owners();
    Optional<String> trouble =
        lost.or(
            () ->
                nodes.stream()
                    .map(Node::state)
                    .filter(node -> !node.up())
                    .map(Node.State::reason)
                    .findFirst());
    report(read(nodes, trouble));
  }

  /** The sums of what is known: one that is away counts as it was. */
  private State read(Collection<Node> nodes, Optional<String> trouble) {
    long objects = 0;
    long bytes = 0;
    OptionalLong capacity = OptionalLong.of(0);
    for (Node node : nodes) {
      Optional<Facts> facts = node.state().facts();
      objects += facts.map(Facts::objects).orElse(0L);
      bytes += facts.map(Facts::bytes).orElse(0L);
      capacity = sum(capacity, facts.map(Facts::capacity).orElse(OptionalLong.of(0)));
    }
    return new State(
        trouble.isEmpty(),
        trouble.map(why -> "the shared store is away: " + why).orElse("in a shared store"),
        objects,
        bytes,
        capacity);
  }

  private static OptionalLong sum(OptionalLong some, OptionalLong more) {
    return some.isEmpty() || more.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(some.getAsLong() + more.getAsLong());
  }

  /** What people should know of is logged: that it is there, that it is away, and why now. */
  private void report(State now) {
    State before = state;
    state = now;
    if (!started
        || before.up() != now.up()
        || (!now.up() && !before.reason().equals(now.reason()))) {
      (now.up() ? log.atInfo() : log.atWarn())
          .addKeyValue("store", url)
          .log(now.up() ? "the shared store is there" : now.reason());
    }
    started = true;
    if ((now.up() && !before.up()) || System.nanoTime() - refusalsSince > QUIET.toNanos()) {
      refusals.clear();
      refusalsSince = System.nanoTime();
    }
    if (now.up()) {
      warnOfLimits();
    }
  }

  private void warnOfLimits() {
    Collection<Node> owners = servers.owners();
    warned.retainAll(owners.stream().map(Node::address).toList());
    owners.stream()
        .filter(node -> warned.add(node.address()))
        .forEach(node -> warnOfLimits(node, node.state().facts()));
  }

  private static void warnOfLimits(Node node, Optional<Facts> known) {
    known.ifPresent(
        facts -> {
          if (facts.capacity().isEmpty()) {
            log.atWarn()
                .addKeyValue("store", node.address())
                .log(
                    "the shared store has no limit: set its maxmemory, or it grows until it is killed");
          } else if (!facts.policy().equals("noeviction")) {
            log.atWarn()
                .addKeyValue("store", node.address())
                .addKeyValue("policy", facts.policy())
                .log(
                    "the shared store drops objects when it is full: set maxmemory-policy noeviction");
          }
        });
  }

  /** Of what the server itself refuses people should know, once a minute for each code. */
  void refused(StoreFailure failure) {
    String code = failure.code();
    if (failure.kind() == UNAVAILABLE && !code.isEmpty() && refusals.add(code)) {
      log.atWarn()
          .addKeyValue("store", url)
          .log("the shared store refuses: " + failure.getMessage());
    }
  }

  /** Closes every connection, behind a check under way, which it waits 2 s for at most. */
  @Override
  public void close() {
    checks.shutdown();
    try {
      if (!checks.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
        log.debug("the shared store is still being looked at");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    servers.close();
  }
}
