package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RedisServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A real Valkey or Redis, which has a budget of its own and can be away. */
class SharedStoreTest extends StorageContract {

  private static final Duration BACK = Duration.ofSeconds(5);

  private final RedisServer redis =
      RedisServer.start("--maxmemory", "16mb", "--requirepass", "open sesame");

  @AfterAll
  void closeServer() {
    redis.close();
  }

  @Override
  List<String> store() {
    return of(redis);
  }

  private static List<String> of(RedisServer server) {
    return List.of("STORAGE_URL", server.url(), "STORAGE_PASSWORD", "open sesame");
  }

  private static RunningApp with(RedisServer server, String... more) {
    List<String> all = new ArrayList<>(List.of("STORAGE_URL", server.url()));
    all.addAll(List.of(more));
    return RunningApp.with(all.toArray(String[]::new));
  }

  @Test
  void twoApplicationsHaveTheSameObjects() {
    try (RunningApp one = started();
        RunningApp other = started()) {
      one.put("/api/buckets/shared", "x");

      assertThat(other.text("/api/buckets/shared")).isEqualTo("x");
      assertThat(other.delete("/api/buckets/shared").statusCode()).isEqualTo(500);
      assertThat(one.get("/api/buckets/shared").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void whereItsMemoryEndsA507LeavesUntouchedWhatIsThere() {
    try (RedisServer small = RedisServer.start("--maxmemory", "8mb");
        RunningApp app = with(small).withStore()) {
      byte[] large = new byte[1 << 20];
      int number = 0;
      while (app.send("PUT", "/api/buckets/" + number, large).statusCode() == 200) {
        number++;
      }
      HttpResponse<byte[]> refused = app.send("PUT", "/api/buckets/more", large);

      assertThat(number).isBetween(1, 8);
      assertThat(refused.statusCode()).isEqualTo(507);
      assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(app.get("/api/buckets/0").body()).isEqualTo(large);
      assertThat(app.delete("/api/buckets/0").statusCode()).isEqualTo(500);
      assertThat(app.put("/api/buckets/more", "x").statusCode()).isEqualTo(200);
      assertThat(app.text("/metrics")).contains("storage_capacity_bytes 8388608.0");
    }
  }

  @Test
  void whileItIsAwayA503ComesAtOnceAndItIsBackByItself() {
    try (RedisServer server = RedisServer.start();
        RunningApp app = with(server).withStore()) {
      server.kill();
      await().until(() -> app.get("/ready").statusCode() == 503);
      HttpResponse<byte[]> refused = app.get("/api/buckets/1");

      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(header(refused, "Retry-After")).isEqualTo("1");
      assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(body(app.get("/ready")))
          .contains("storage: the shared store is away: no connection can be made")
          .doesNotContain("127.0.0.1");
      assertThat(app.get("/health").statusCode()).isEqualTo(200);
      assertThat(app.text("/metrics")).contains("storage_up 0.0");

      server.restart();
      await().atMost(BACK).until(() -> app.get("/ready").statusCode() == 200);
      assertThat(app.put("/api/buckets/1", "x").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aWrongPasswordIsToldWithoutSayingIt() {
    RunningApp app = with(redis, "STORAGE_PASSWORD", "sesame, close");
    try (app) {
      await().untilAsserted(() -> assertThat(body(app.get("/ready"))).contains("WRONGPASS"));
      assertThat(app.get("/api/buckets/1").statusCode()).isEqualTo(503);
    }
    assertThat(app.log()).anyMatch(line -> line.contains("WRONGPASS"));
    assertThat(app.log()).noneMatch(line -> line.contains("sesame"));
  }

  @Test
  void whatSomebodyElseHasWrittenUnderOurKeysIsAFaultAndCanBeReplaced() {
    try (RedisServer server = RedisServer.start();
        RunningApp app = with(server).withStore()) {
      server.cli("LPUSH", "bucket:1", "x");

      assertThat(app.get("/api/buckets/1").statusCode()).isEqualTo(500);
      assertThat(app.put("/api/buckets/1", "y").statusCode()).isEqualTo(200);
      assertThat(app.text("/api/buckets/1")).isEqualTo("y");
    }
  }

  @Test
  void aHugeValueThatSomebodyElseHasWrittenIsNotRead() {
    try (RedisServer server = RedisServer.start();
        RunningApp app = with(server, "STORAGE_MAX_OBJECT_BYTES", "1MiB").withStore()) {
      server.cli("SETRANGE", "bucket:1", Integer.toString(64 << 20), "x");

      await().until(() -> app.get("/api/buckets/1").statusCode() == 500); // making it takes time
      assertThat(app.put("/api/buckets/1", "y").statusCode()).isEqualTo(200);
      assertThat(app.text("/api/buckets/1")).isEqualTo("y");
    }
  }

  @Test
  void aStoreThatDropsObjectsWhenItIsFullIsWarnedOf() {
    RunningApp app;
    try (RedisServer server =
        RedisServer.start("--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru")) {
      app = with(server).withStore();
      app.close();
    }
    assertThat(app.log())
        .filteredOn(line -> line.contains("lvl=[WARN]"))
        .singleElement()
        .asString()
        .contains("maxmemory-policy noeviction", "policy=allkeys-lru");
  }

  @Test
  void aUserNeedsFewCommands() {
    try (RedisServer server =
            RedisServer.start(
                "--user",
                "storage",
                "on",
                ">few",
                "~bucket:*",
                "-@all",
                "+get",
                "+set",
                "+del",
                "+info");
        RunningApp app =
            with(server, "STORAGE_USER", "storage", "STORAGE_PASSWORD", "few").withStore()) {
      assertThat(app.put("/api/buckets/1", "x").statusCode()).isEqualTo(200);
      assertThat(app.text("/api/buckets/1")).isEqualTo("x");
      assertThat(app.delete("/api/buckets/1").statusCode()).isEqualTo(500);
    }
  }
}
