package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A primary, a replica of it, and three sentinels that promote the replica when the primary has
 * been away for a second.
 */
public final class RedisSentinels implements AutoCloseable {

  private static final String NAME = "buckets";
  private static final int SENTINELS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final RedisServer primary;
  private final List<RedisServer> all = new ArrayList<>();
  private final List<RedisServer> sentinels = new ArrayList<>();
  private RedisServer replica;

  private RedisSentinels() {
    primary = RedisServer.start();
    all.add(primary);
  }

  /** Starts all of them, and waits until they know one another. */
  public static RedisSentinels start() {
    RedisSentinels one = new RedisSentinels();
    try {
      one.join();
      return one;
    } catch (RuntimeException | Error e) {
      one.close();
      throw e;
    }
  }

  private void join() {
    String port = Integer.toString(primary.port());
    replica =
        RedisServer.start("--replicaof", "127.0.0.1 " + port, "--repl-diskless-sync-delay", "0");
    all.add(replica);
    await().atMost(PATIENCE).until(() -> replica.cli("ROLE").contains("connected"));
    for (int i = 0; i < SENTINELS; i++) {
      RedisServer sentinel =
          RedisServer.startSentinel(
              """
              sentinel monitor %1$s 127.0.0.1 %2$s 2
              sentinel down-after-milliseconds %1$s 1000
              sentinel failover-timeout %1$s 10000
              """
                  .formatted(NAME, port));
      sentinels.add(sentinel);
      all.add(sentinel);
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(sentinels)
                    .allMatch(
                        one ->
                            one.cli("SENTINEL", "CKQUORUM", NAME).startsWith("OK 3")
                                && one.cli("SENTINEL", "REPLICAS", NAME)
                                    .contains(Integer.toString(replica.port()))));
  }

  /** As {@code STORAGE_URL} names it. */
  public String url() {
    return sentinels.stream()
        .map(one -> "127.0.0.1:" + one.port())
        .collect(Collectors.joining(",", "redis-sentinel://", "/" + NAME));
  }

  /** The one that is the primary at the start. */
  public RedisServer primary() {
    return primary;
  }

  /** The one that is its replica at the start. */
  public RedisServer replica() {
    return replica;
  }

  public List<RedisServer> sentinels() {
    return sentinels;
  }

  /** Waits until the replica has all that was written before. */
  public void awaitReplicated() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(offset(replica)).isGreaterThanOrEqualTo(offset(primary)));
  }

  private static long offset(RedisServer server) {
    return server
        .cli("INFO", "replication")
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("master_repl_offset:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
        .findFirst()
        .orElseThrow();
  }

  /** Waits until the replica is the primary. */
  public void awaitPromoted() {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> replica.cli("ROLE").startsWith("master"));
  }

  /** Waits until the first primary is a replica of the other, and does something meanwhile. */
  public void awaitRejoined(Runnable meanwhile) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              meanwhile.run();
              String role = primary.cli("ROLE");
              return role.startsWith("slave") && role.contains("connected");
            });
  }

  /** Ends all of them. */
  @Override
  public void close() {
    all.forEach(RedisServer::close);
  }
}
