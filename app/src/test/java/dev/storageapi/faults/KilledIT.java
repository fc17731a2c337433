package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Row 27: the service, and in some rounds the database, is killed while clients write. A journal
 * outside of both holds what was acknowledged, and what may or may not have been done.
 */
class KilledIT {

  private static final int WRITERS = 4;
  private static final String GONE = "";

  /** PostgreSQL writes down a sequence this far ahead, and goes on from there behind a crash. */
  private static final int SKIPPED = 32;

  private final Random random = new Random(27);
  private final JsonMapper json = new JsonMapper();

  /** By id, what may be found: one state of what was acknowledged, two while it is under way. */
  private final Map<Long, Set<String>> journal = new ConcurrentHashMap<>();

  /** Names that were sent and not acknowledged: they may be found under any id. */
  private final Set<String> unknown = ConcurrentHashMap.newKeySet();

  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger refused = new AtomicInteger();
  private int databaseKills;
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final AtomicInteger names = new AtomicInteger();
  private volatile boolean killed;

  @Test
  void h2LosesNothingThatItAcknowledged(@TempDir Path folder) {
    String url = Engine.H2.emptyDatabase(folder);
    rounds(3, url, () -> {});
  }

  @Test
  @Tag("ci")
  void h2LosesNothingThatItAcknowledgedInManyRounds(@TempDir Path folder) {
    String url = Engine.H2.emptyDatabase(folder);
    rounds(8, url, () -> {});
  }

  @Test
  @Tag("full")
  void h2LosesNothingThatItAcknowledgedIn200Rounds(@TempDir Path folder) {
    String url = Engine.H2.emptyDatabase(folder);
    rounds(200, url, () -> {});
  }

  @Test
  @Tag("ci")
  void postgresqlLosesNothingThatItAcknowledgedAlsoWhenItIsKilled() {
    killBoth(5);
  }

  @Test
  @Tag("full")
  void postgresqlLosesNothingThatItAcknowledgedIn60Rounds() {
    killBoth(60);
  }

  private void killBoth(int rounds) {
    try (PostgresCluster cluster = PostgresCluster.start()) {
      rounds(
          rounds,
          cluster.url(),
          () -> {
            if (random.nextInt(3) == 0) {
              cluster.kill();
              cluster.restart();
              databaseKills++;
            }
          });
    }
  }

  private void rounds(int rounds, String url, Runnable between) {
    for (int round = 0; round < rounds; round++) {
      int before = acknowledged.get();
      int enough = 1 + random.nextInt(80);
      killed = false;
      try (ServiceProcess service = start(url)) {
        check(service, round);
        List<Thread> writers = write(service);
        await()
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(1))
            .untilAsserted(
                () ->
                    assertThat(acknowledged.get() >= before + enough || !failures.isEmpty())
                        .as(() -> progress(service, writers, before))
                        .isTrue());
        killed = true;
        service.kill();
        writers.forEach(KilledIT::join);
        assertThat(failures).as("round %d, before the kill", round).isEmpty();
      }
      between.run();
    }
    try (ServiceProcess service = start(url)) {
      check(service, rounds);
      assertThat(acknowledged.get()).isGreaterThanOrEqualTo(rounds);
    }
  }

  private String progress(ServiceProcess service, List<Thread> writers, int before) {
    List<String> lines = service.lines();
    return "%d acknowledged, %d refused so far, writers %s, the last it said: %s"
        .formatted(
            acknowledged.get() - before,
            refused.get(),
            writers.stream().map(Thread::getState).toList(),
            lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  private static ServiceProcess start(String url) {
    ServiceProcess service = ServiceProcess.with(Map.of("DATABASE_URL", url)).start();
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
    return service;
  }

  private List<Thread> write(ServiceProcess service) {
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      long seed = random.nextLong();
      Thread writer = new Thread(() -> writeUntilKilled(service, new Random(seed)), "writer");
      writer.start();
      writers.add(writer);
    }
    return writers;
  }

  private void writeUntilKilled(ServiceProcess service, Random dice) {
    try {
      while (true) {
        long id = create(service);
        if (dice.nextInt(3) == 0) {
          change(service, id, "PUT", "renamed-" + names.incrementAndGet());
        }
        if (dice.nextInt(4) == 0) {
          change(service, id, "DELETE", GONE);
        }
      }
    } catch (UncheckedIOException e) {
      if (!killed) {
        failures.add(e);
      }
    } catch (RuntimeException | Error e) {
      failures.add(e);
    }
  }

  /** One more, however often a slow disk has it refused: what was refused may be there later. */
  private long create(ServiceProcess service) {
    while (true) {
      String name = "name-" + names.incrementAndGet();
      unknown.add(name);
      HttpResponse<String> answer = service.send("POST", "/datasets?name=" + name);
      if (answer.statusCode() == 503) {
        refused.incrementAndGet();
        continue;
      }
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      long id = read(answer).get("id").asLong();
      assertThat(journal.put(id, Set.of(name))).as("what had the id %d", id).isNull();
      unknown.remove(name);
      acknowledged.incrementAndGet();
      return id;
    }
  }

  private void change(ServiceProcess service, long id, String method, String state) {
    Set<String> possible = new HashSet<>(journal.get(id));
    possible.add(state);
    journal.put(id, possible);
    String query = state.isEmpty() ? "" : "?name=" + state;
    int status = service.send(method, "/datasets/" + id + query).statusCode();
    if (status == 503) {
      refused.incrementAndGet();
      return;
    }
    assertThat(status).isEqualTo(state.isEmpty() ? 204 : 200);
    journal.put(id, Set.of(state));
    acknowledged.incrementAndGet();
  }

  /** What is there is what was acknowledged, or was under way; ids go on. */
  private void check(ServiceProcess service, int round) {
    Map<Long, String> found = new TreeMap<>();
    for (JsonNode dataset : read(service.send("GET", "/datasets"))) {
      found.put(dataset.get("id").asLong(), dataset.get("name").asText());
    }
    journal.forEach(
        (id, states) ->
            assertThat(states).as("round %d, dataset %d", round, id).contains(state(found, id)));
    found.forEach(
        (id, name) -> {
          if (!journal.containsKey(id)) {
            assertThat(unknown).as("round %d, dataset %d", round, id).contains(name);
          }
          journal.put(id, Set.of(name));
        });
    journal.replaceAll((id, states) -> Set.of(state(found, id)));
    unknown.clear();
    long last = journal.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
    assertThat(last - journal.size())
        .as("ids that nobody has, of inserts that were under way")
        .isLessThanOrEqualTo(
            (long) round * WRITERS + refused.get() + (long) databaseKills * SKIPPED);
  }

  private static String state(Map<Long, String> found, long id) {
    return found.getOrDefault(id, GONE);
  }

  private JsonNode read(HttpResponse<String> answer) {
    try {
      return json.readTree(answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
