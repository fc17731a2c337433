package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of the groups of servers that other tests run on. */
@Tag("full")
final class RedisGroupsTest {

  @Test
  void aClusterSendsAClientToTheOwnerOfAKeyAndMovesASlotWithIt() {
    try (RedisCluster cluster = RedisCluster.start()) {
      RedisServer owner = cluster.owner("bucket:7");
      RedisServer other =
          cluster.primaries().stream().filter(one -> one != owner).findFirst().orElseThrow();
      int slot = cluster.slot("bucket:7");
      assertThat(owner.cli("SET", "bucket:7", "kept")).isEqualTo("OK");
      assertThat(other.cli("GET", "bucket:7")).startsWith("MOVED " + slot);
      cluster.beginMove(slot, owner, other);
      cluster.move("bucket:7", owner, other);
      assertThat(owner.cli("GET", "bucket:7")).startsWith("ASK " + slot);
      cluster.endMove(slot, other);
      assertThat(cluster.owner("bucket:7")).isSameAs(other);
      assertThat(other.cli("GET", "bucket:7")).isEqualTo("kept");
    }
  }

  @Test
  void sentinelsPromoteTheReplicaOfAPrimaryThatWasKilled() {
    try (RedisSentinels sentinels = RedisSentinels.start()) {
      sentinels.primary().cli("SET", "bucket:7", "kept");
      sentinels.awaitReplicated();
      sentinels.primary().kill();
      sentinels.awaitPromoted();
      assertThat(sentinels.replica().cli("GET", "bucket:7")).isEqualTo("kept");
      sentinels.primary().restart();
      sentinels.awaitRejoined(() -> {});
    }
  }
}
