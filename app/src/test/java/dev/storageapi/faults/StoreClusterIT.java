package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RedisCluster;
import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.Sealed;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shared store is a cluster of three primaries: keys are with one of them, and may move. */
@Tag("ci")
final class StoreClusterIT {

  private static final Duration ANSWERED = Duration.ofSeconds(4); // redirected once
  private static final Duration BACK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int KEYS = 60;

  private static ServiceProcess service(RedisCluster cluster) {
    ServiceProcess service = ServiceProcess.with(Map.of("STORAGE_URL", cluster.url())).start();
    await().atMost(PATIENCE).until(() -> service.send("GET", "/ready").statusCode() == 200);
    return service;
  }

  private static String id(int number) {
    return "key" + number;
  }

  private static int put(ServiceProcess service, String id, String name) {
    return service.send("PUT", "/api/buckets/" + id, Sealed.object(name, 2_000)).statusCode();
  }

  private static void assertHas(ServiceProcess service, String id, String name) {
    HttpResponse<String> answer = service.send("GET", "/api/buckets/" + id);
    assertThat(answer.statusCode()).as(id).isEqualTo(200);
    assertThat(Sealed.name(answer.body())).isEqualTo(name);
  }

  private static int remove(ServiceProcess service, String id) {
    return service.send("DELETE", "/api/buckets/" + id).statusCode();
  }

  /** By address, as clusters do of themselves, or by name, as with certificates. */
  @ParameterizedTest
  @ValueSource(strings = {"ip", "hostname"})
  void keysAreWithAllOfThemAndFollowedWhileASlotMoves(String endpoints) throws Exception {
    try (RedisCluster cluster =
            RedisCluster.start(
                "--maxmemory", "64mb",
                "--cluster-announce-hostname", "localhost",
                "--cluster-preferred-endpoint-type", endpoints);
        ServiceProcess service = service(cluster)) {
      for (int i = 0; i < KEYS; i++) {
        assertThat(put(service, id(i), id(i))).isEqualTo(200);
      }
      for (int i = 0; i < KEYS; i++) {
        assertHas(service, id(i), id(i));
      }
      assertThat(cluster.primaries())
          .allSatisfy(
              one -> assertThat(Integer.parseInt(one.cli("DBSIZE"))).isGreaterThan(KEYS / 10));
      await()
          .untilAsserted(
              () -> assertThat(service.scrape().value("storage_objects")).isEqualTo(KEYS));
      assertThat(service.scrape().value("storage_capacity_bytes")).isEqualTo(3 * 64.0 * (1 << 20));

      assertThat(remove(service, id(1))).isEqualTo(500);
      assertThat(remove(service, id(1))).isEqualTo(400);
      assertThat(service.send("GET", "/api/buckets/" + id(1)).statusCode()).isEqualTo(404);
      moveASlot(cluster, service);
      assertThat(Watch.of(service).lines("ERROR")).isEmpty();
      assertThat(service.scrape().sum("storage_operation_errors_total")).isZero();
    }
  }

  /** Nobody notices, neither while keys are with both nor when they are with the other. */
  private static void moveASlot(RedisCluster cluster, ServiceProcess service) throws Exception {
    String id = id(0);
    String key = "bucket:" + id;
    int slot = cluster.slot(key);
    RedisServer from = cluster.owner(key);
    RedisServer to =
        cluster.primaries().stream().filter(one -> one != from).findFirst().orElseThrow();
    AtomicBoolean done = new AtomicBoolean();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    Thread reader = new Thread(() -> readUntil(done, service, id, failures), "reader");
    reader.start();

    cluster.beginMove(slot, from, to);
    assertHas(service, id, id); // it is still there
    cluster.move(key, from, to);
    assertHas(service, id, id); // ASK
    assertThat(put(service, id, id)).isEqualTo(200);
    assertHas(service, id, id);
    assertThat(to.cli("EXISTS", key)).startsWith("MOVED"); // it does not own the slot yet
    cluster.endMove(slot, to);
    assertHas(service, id, id); // MOVED
    assertThat(cluster.owner(key)).isSameAs(to);
    done.set(true);
    reader.join();
    assertThat(failures).isEmpty();

    assertThat(remove(service, id)).isEqualTo(500);
    assertThat(remove(service, id)).isEqualTo(400);
    assertThat(put(service, id, id)).isEqualTo(200);
  }

  private static void readUntil(
      AtomicBoolean done, ServiceProcess service, String id, List<Throwable> failures) {
    try {
      while (!done.get()) {
        assertHas(service, id, id);
      }
    } catch (RuntimeException | AssertionError e) {
      failures.add(e);
    }
  }

  @Test
  void whileOneIsAwayTheOthersServeTheirKeys() {
    try (RedisCluster cluster =
            RedisCluster.start("--cluster-require-full-coverage", "no", "--appendonly", "yes");
        ServiceProcess service = service(cluster)) {
      for (int i = 0; i < KEYS; i++) {
        assertThat(put(service, id(i), id(i))).isEqualTo(200);
      }
      RedisServer lost = cluster.owner("bucket:" + id(0));
      List<Integer> away =
          IntStream.range(0, KEYS)
              .filter(i -> cluster.owner("bucket:" + id(i)) == lost)
              .boxed()
              .toList();
      lost.kill();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(service.scrape().value("storage_up")).isZero());
      for (int i = 0; i < KEYS; i++) {
        long start = System.nanoTime();
        int status = service.send("GET", "/api/buckets/" + id(i)).statusCode();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(ANSWERED);
        assertThat(status).as(id(i)).isEqualTo(away.contains(i) ? 503 : 200);
      }
      assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(503);
      lost.restart();
      cluster.awaitWhole();
      await().atMost(BACK).until(() -> service.send("GET", "/ready").statusCode() == 200);
      for (int i = 0; i < KEYS; i++) {
        assertHas(service, id(i), id(i));
      }
      assertThat(Watch.of(service).lines("ERROR")).isEmpty();
    }
  }
}
