package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.History;
import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.Sealed;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the shared store has acknowledged it keeps: killed while clients write, and full. */
final class SharedStoreKeptIT {

  private static final Duration BACK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int WRITERS = 8;
  private static final int EACH = 5;

  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();

  /** By id, what may be found: what was acknowledged last, and what was refused since. */
  private final Map<String, List<String>> journal = new ConcurrentHashMap<>();

  @Test
  void killedWhileClientsWriteItLosesNothing() {
    killWhileClientsWrite(2);
  }

  @Test
  @Tag("ci")
  void killedWhileClientsWriteItLosesNothingInMoreRounds() {
    killWhileClientsWrite(6);
  }

  @Test
  @Tag("full")
  void killedWhileClientsWriteItLosesNothingInManyRounds() {
    killWhileClientsWrite(60);
  }

  private void killWhileClientsWrite(int rounds) {
    try (RedisServer redis = RedisServer.start("--appendonly", "yes", "--appendfsync", "always");
        ServiceProcess service =
            ServiceProcess.with(
                    Map.of(
                        "STORAGE_URL",
                        redis.url(),
                        "LOG_LEVELS",
                        "dev.storageapi.telemetry.AccessLog=WARN"))
                .start()) {
      await().atMost(PATIENCE).until(() -> isReady(service));
      Random random = new Random(rounds);
      AtomicBoolean done = new AtomicBoolean();
      List<Thread> writers = write(service, done);
      for (int round = 0; round < rounds; round++) {
        int enough = acknowledged.get() + 1 + random.nextInt(300);
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(1))
            .until(() -> acknowledged.get() >= enough || !failures.isEmpty());
        int before = refused.get();
        redis.kill();
        await().atMost(PATIENCE).until(() -> refused.get() > before || !failures.isEmpty());
        redis.restart();
        await().atMost(BACK).until(() -> isReady(service));
        assertThat(failures).as("round %d", round).isEmpty();
      }
      done.set(true);
      writers.forEach(SharedStoreKeptIT::join);
      assertThat(failures).isEmpty();
      check(service);
    }
  }

  private static boolean isReady(ServiceProcess service) {
    return service.send("GET", "/ready").statusCode() == 200;
  }

  private List<Thread> write(ServiceProcess service, AtomicBoolean done) {
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      int number = i;
      Thread writer =
          new Thread(
              () -> {
                Random random = new Random(number);
                try {
                  for (int n = 0; !done.get(); n++) {
                    writeOnce(service, "writer" + number + "-" + random.nextInt(EACH), n, random);
                  }
                } catch (RuntimeException | Error e) {
                  failures.add(e);
                }
              },
              "writer");
      writer.start();
      writers.add(writer);
    }
    return writers;
  }

  /** Nobody else has this id: what is read is the last write, or one that was refused since. */
  private void writeOnce(ServiceProcess service, String id, int n, Random random) {
    if (random.nextInt(4) == 0) {
      HttpResponse<String> answer = service.send("GET", "/api/buckets/" + id);
      if (answer.statusCode() != 503) {
        assertThat(journal.getOrDefault(id, List.of(History.ABSENT))).contains(value(answer));
      }
      return;
    }
    boolean removal = random.nextInt(8) == 0;
    String value = removal ? History.ABSENT : id + "-" + n;
    int status =
        removal
            ? service.send("DELETE", "/api/buckets/" + id).statusCode()
            : service
                .send("PUT", "/api/buckets/" + id, Sealed.object(value, random.nextInt(5_000)))
                .statusCode();
    if (status == 503) {
      refused.incrementAndGet();
      List<String> possible = new ArrayList<>(journal.getOrDefault(id, List.of(History.ABSENT)));
      possible.add(value);
      journal.put(id, possible);
    } else {
      assertThat(status).isIn(removal ? List.of(500, 400) : List.of(200));
      acknowledged.incrementAndGet();
      journal.put(id, List.of(value));
    }
  }

  private void check(ServiceProcess service) {
    assertThat(journal).isNotEmpty();
    journal.forEach(
        (id, possible) ->
            assertThat(possible).as(id).contains(value(service.send("GET", "/api/buckets/" + id))));
  }

  private static String value(HttpResponse<String> answer) {
    return answer.statusCode() == 404 ? History.ABSENT : Sealed.name(answer.body());
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFullOneKeepsWhatItHasAndTakesMoreWhenSomethingWasRemoved() {
    int size = 100_000;
    int limit = 8 << 20;
    try (RedisServer redis =
            RedisServer.start(
                "--maxmemory", Integer.toString(limit), "--maxmemory-policy", "noeviction");
        ServiceProcess service = ServiceProcess.with(Map.of("STORAGE_URL", redis.url())).start()) {
      await().atMost(PATIENCE).until(() -> isReady(service));
      Watch watch = Watch.of(service);
      int stored = 0;
      while (put(service, stored, size) == 200) {
        stored++;
      }
      assertThat(stored).isBetween(20, limit / size);
      assertThat(put(service, 0, size)).as("another in the place of one").isEqualTo(507);
      assertThat(put(service, stored, size)).isEqualTo(507);
      for (int i = 0; i < stored; i++) {
        assertThat(value(service.send("GET", "/api/buckets/full" + i))).isEqualTo("full" + i);
      }
      assertThat(service.send("GET", "/api/buckets/full" + stored).statusCode()).isEqualTo(404);
      assertThat(isReady(service)).isTrue();
      int left = stored;
      await()
          .untilAsserted(
              () -> {
                assertThat(service.scrape().value("storage_objects")).isEqualTo(left);
                assertThat(service.scrape().value("storage_bytes")).isGreaterThan(0.9 * limit);
              });
      assertThat(service.scrape().value("storage_capacity_bytes")).isEqualTo(limit);
      assertThat(service.scrape().value("storage_up")).isEqualTo(1);
      watch.assertSeen(3, "/api/buckets/{id}", "PUT", 507);
      assertThat(
              watch.grown("storage_operation_errors_total", "operation", "put", "reason", "full"))
          .isEqualTo(3);
      for (int i = 0; i < 10; i++) {
        assertThat(service.send("DELETE", "/api/buckets/full" + i).statusCode()).isEqualTo(500);
      }
      for (int i = 0; i < 5; i++) {
        assertThat(put(service, i, size)).isEqualTo(200);
      }
      assertThat(watch.lines("ERROR")).isEmpty();
    }
  }

  private static int put(ServiceProcess service, int number, int size) {
    String id = "full" + number;
    return service.send("PUT", "/api/buckets/" + id, Sealed.object(id, size)).statusCode();
  }
}
