package dev.storageapi.storage.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.testing.RedisServer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** A connection to a real server, in a database that is not the first one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LinkTest {

  private static final long LONG_AFTER = Duration.ofHours(1).toNanos();

  private final RedisServer redis = RedisServer.start();
  private final StoreUrl url = StoreUrl.of(redis.url() + "/3", "", "");
  private final Access access =
      Access.of(
          url,
          new SharedStore.Limits(
              100, 1, Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5)),
          Optional.empty());

  @AfterAll
  void closeServer() {
    redis.close();
  }

  private Link opened() {
    Link link = access.link(url.addresses().get(0), InetAddress.getLoopbackAddress(), 0);
    access.open(link);
    return link;
  }

  private static CommandArguments set(String key) {
    return new CommandArguments(Command.SET).add(key).add("x");
  }

  @Test
  void betweenTwoCommandsNothingIsLate() {
    try (Link link = opened()) {
      link.run(set("first"));
      link.cutIfLate(System.nanoTime() + LONG_AFTER);

      assertThat(link.isSound()).isTrue();
      link.run(set("second"));
      assertThat(redis.cli("-n", "3", "EXISTS", "first", "second")).isEqualTo("2");
    }
  }

  @Test
  void whatWasCutIsNeverConnectedAgain() {
    Link link = opened();
    link.run(set("before"));
    link.close();

    assertThat(link.isSound()).isFalse();
    assertThatThrownBy(() -> link.run(set("after"))).isInstanceOf(JedisConnectionException.class);
    assertThat(redis.cli("-n", "0", "EXISTS", "after")).isEqualTo("0");
    assertThat(redis.cli("-n", "3", "EXISTS", "after")).isEqualTo("0");
  }

  @Test
  void aCommandThatIsCutEndsAndIsTheLastOne() throws Exception {
    try (Link link = opened()) {
      Thread late =
          new Thread(
              () -> {
                while (link.isSound()) {
                  link.cutIfLate(System.nanoTime() + LONG_AFTER);
                }
              });
      late.start();
      CommandArguments wait = new CommandArguments(Command.BLPOP).add("nothing").add("0");

      assertThatThrownBy(() -> link.run(wait))
          .isInstanceOfSatisfying(
              StoreFailure.class,
              failure -> assertThat(failure.kind()).isEqualTo(StoreFailure.Kind.TIMEOUT));
      late.join();
      assertThat(link.isSound()).isFalse();
      assertThatThrownBy(() -> link.run(set("next"))).isInstanceOf(StoreFailure.class);
      assertThat(redis.cli("-n", "0", "EXISTS", "next")).isEqualTo("0");
    }
  }

  @Test
  void aValueThatIsTooLargeIsNotReadAndEndsTheConnection() {
    try (Link link = opened()) {
      redis.cli("-n", "3", "SETRANGE", "large", "100", "x");
      redis.cli("-n", "3", "SETRANGE", "fits", "99", "x");
      CommandArguments large = new CommandArguments(Command.GET).add("large");

      assertThat((byte[]) link.run(new CommandArguments(Command.GET).add("fits"))).hasSize(100);
      assertThatThrownBy(() -> link.run(large))
          .isInstanceOfSatisfying(
              StoreFailure.class,
              failure -> assertThat(failure.kind()).isEqualTo(StoreFailure.Kind.FAULT));
      assertThat(link.isSound()).isFalse();
    }
  }
}
