package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Three primaries of Valkey or Redis that share the keys among them, without replicas.
 *
 * <pre>{@code
 * try (RedisCluster cluster = RedisCluster.start();
 *     ServiceProcess service =
 *         ServiceProcess.with(Map.of("STORAGE_URL", cluster.url())).start()) {
 *   RedisServer owner = cluster.owner("bucket:7");
 *   …
 * }
 * }</pre>
 */
public final class RedisCluster implements AutoCloseable {

  private static final int PRIMARIES = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<RedisServer> primaries = new ArrayList<>();

  private RedisCluster() {}

  /** Starts one with more arguments for each server, and waits until all slots are served. */
  public static RedisCluster start(String... more) {
    RedisCluster cluster = new RedisCluster();
    try {
      for (int i = 0; i < PRIMARIES; i++) {
        cluster.primaries.add(startOne(more));
      }
      cluster.join();
      return cluster;
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  private static RedisServer startOne(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                Integer.toString(FreePort.find()),
                "--cluster-node-timeout",
                "1000"));
    words.addAll(List.of(more));
    return RedisServer.start(words.toArray(String[]::new));
  }

  private void join() {
    List<String> words = new ArrayList<>(List.of("--cluster", "create"));
    primaries.forEach(one -> words.add(address(one)));
    words.add("--cluster-yes");
    primaries.get(0).cli(words.toArray(String[]::new));
    awaitWhole();
  }

  private static String address(RedisServer server) {
    return "127.0.0.1:" + server.port();
  }

  /** As {@code STORAGE_URL} names it. */
  public String url() {
    return primaries.stream()
        .map(RedisCluster::address)
        .collect(Collectors.joining(",", "redis-cluster://", ""));
  }

  public List<RedisServer> primaries() {
    return primaries;
  }

  /** Waits until all of them say that all slots are served. */
  public void awaitWhole() {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () ->
                assertThat(primaries)
                    .allMatch(one -> one.cli("CLUSTER", "INFO").contains("cluster_state:ok")));
  }

  /** The slot of a key. */
  public int slot(String key) {
    return Integer.parseInt(primaries.get(0).cli("CLUSTER", "KEYSLOT", key));
  }

  /** The primary that a key belongs to. */
  public RedisServer owner(String key) {
    return primaries.stream().filter(one -> owns(one, slot(key))).findFirst().orElseThrow();
  }

  private static boolean owns(RedisServer server, int slot) {
    // id address myself,master - 0 0 1 connected 0-5460 [5461->-…] 5470
    String own =
        server
            .cli("CLUSTER", "NODES")
            .lines()
            .filter(line -> line.contains("myself"))
            .findFirst()
            .orElseThrow();
    return List.of(own.split(" ")).stream()
        .skip(8)
        .filter(range -> !range.startsWith("["))
        .map(range -> range.split("-"))
        .anyMatch(
            range ->
                Integer.parseInt(range[0]) <= slot
                    && slot <= Integer.parseInt(range[range.length - 1]));
  }

  /** Begins to move a slot: keys that are no more with the one are to be asked of the other. */
  public void beginMove(int slot, RedisServer from, RedisServer to) {
    to.cli("CLUSTER", "SETSLOT", Integer.toString(slot), "IMPORTING", id(from));
    from.cli("CLUSTER", "SETSLOT", Integer.toString(slot), "MIGRATING", id(to));
  }

  /** Moves a key of a slot that is being moved. */
  public void move(String key, RedisServer from, RedisServer to) {
    assertThat(from.cli("MIGRATE", "127.0.0.1", Integer.toString(to.port()), key, "0", "5000"))
        .isEqualTo("OK");
  }

  /** Gives a slot, all keys of which were moved, to the other. */
  public void endMove(int slot, RedisServer to) {
    for (RedisServer one : primaries) {
      one.cli("CLUSTER", "SETSLOT", Integer.toString(slot), "NODE", id(to));
    }
  }

  private static String id(RedisServer server) {
    return server.cli("CLUSTER", "MYID");
  }

  /** Ends all of them. */
  @Override
  public void close() {
    primaries.forEach(RedisServer::close);
  }
}
