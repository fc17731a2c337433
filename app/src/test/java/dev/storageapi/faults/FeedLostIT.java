package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Bystander;
import dev.storageapi.testing.FeedStatus;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import dev.storageapi.testing.TcpProxy;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Row 26 for the feed: its PostgreSQL is lost and comes back, and so do routes and fetches. */
@Tag("ci")
final class FeedLostIT {

  private static final Duration ANSWERED = Duration.ofSeconds(2);
  private static final Duration NOTICED = Duration.ofSeconds(10);
  private static final Duration BACK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Four heartbeats of 5 s are missed, and it is looked for the dead every 10 s. */
  private static final Duration FETCHED = Duration.ofSeconds(40);

  /** More than there are connections, and than may wait for one. */
  private static final int FLOOD = 60;

  /** A request of a route of the feed; the body is empty if there is none. */
  private record Ask(String method, String path, String body) {}

  /** Changes nothing even if what was sent into a frozen network is done when that goes on. */
  private static final List<Ask> ASKS =
      List.of(
          new Ask("GET", "/feed", ""),
          new Ask("GET", "/feed/items", ""),
          new Ask("GET", "/feed/items/mine", ""),
          new Ask("POST", "/feed/items", "{\"id\":\"lost\",\"title\":\"x\"}"),
          new Ask("PUT", "/feed/items/none", "{\"title\":\"lost\"}"),
          new Ask("DELETE", "/feed/items/none", ""));

  /** What happens to the database, and what mends it. */
  @SuppressWarnings("ImmutableEnumChecker") // the steps have no state
  private enum Fault {
    KILLED(all -> all.postgres.kill(), all -> all.postgres.restart()),
    FROZEN(all -> all.postgres.freeze(), all -> all.postgres.thaw()),
    NETWORK_SILENT(all -> all.proxy.freeze(), all -> all.proxy.thaw()),
    TABLES_LOCKED(Scene::lock, Scene::unlock);

    private final Step begin;
    private final Step end;

    Fault(Step begin, Step end) {
      this.begin = begin;
      this.end = end;
    }
  }

  @FunctionalInterface
  private interface Step {
    void of(Scene scene) throws SQLException;
  }

  /**
   * A service that fetches each second, and reaches its PostgreSQL through a network that fails.
   */
  private static final class Scene implements AutoCloseable {

    private final Simulator simulator = Simulator.start();
    private final PostgresCluster postgres = PostgresCluster.start();
    private final TcpProxy proxy = TcpProxy.start("127.0.0.1", postgres.port());
    private ServiceProcess service;
    private Connection holder;

    Scene start() {
      String database = postgres.url().replace(":" + postgres.port(), ":" + proxy.port());
      service =
          ServiceProcess.with(
                  simulator.feed(
                      database,
                      "FEED_QUOTA",
                      "1",
                      "FEED_QUOTA_WINDOW",
                      "1s",
                      "FEED_MAX_BACKOFF",
                      "1s"))
              .start();
      return this;
    }

    void lock() throws SQLException {
      holder = postgres.connect();
      holder.setAutoCommit(false);
      try (Statement statement = holder.createStatement()) {
        statement.execute("LOCK TABLE feed_items, feed_sources");
      }
    }

    void unlock() throws SQLException {
      holder.close();
    }

    HttpResponse<String> send(Ask ask) {
      return service.send(ask.method, ask.path, ask.body);
    }

    int ready() {
      return service.send("GET", "/ready/feed").statusCode();
    }

    /** Waits for a fetch that went well and began behind this call. */
    void awaitFetch(Duration patience) {
      Instant now = Instant.now();
      await()
          .atMost(patience)
          .untilAsserted(
              () ->
                  assertThat(FeedStatus.of(service).lastSuccess())
                      .hasValueSatisfying(success -> assertThat(success).isAfter(now)));
    }

    /** Every route, one after another: 503 in time, whatever it was asked for. */
    void assertAllAreRefused() {
      ASKS.forEach(this::assertRefused);
    }

    private void assertRefused(Ask ask) {
      long start = System.nanoTime();
      HttpResponse<String> answer = send(ask);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).as("%s", ask).isLessThan(ANSWERED);
      assertThat(answer.statusCode()).as("%s: %s", ask, answer.body()).isEqualTo(503);
      assertThat(answer.headers().firstValue("Retry-After")).hasValue("2");
    }

    /** As many as exhaust the pool. */
    void assertAFloodIsRefused() throws InterruptedException, ExecutionException {
      ExecutorService threads = Executors.newFixedThreadPool(FLOOD);
      try {
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < FLOOD; i++) {
          Ask ask = ASKS.get(i % ASKS.size());
          all.add(threads.submit(() -> assertThat(send(ask).statusCode()).isEqualTo(503)));
        }
        long start = System.nanoTime();
        for (Future<?> one : all) {
          one.get();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isLessThan(ANSWERED.multipliedBy(2));
      } finally {
        threads.shutdownNow();
      }
    }

    @Override
    public void close() {
      if (service != null) {
        service.close();
      }
      proxy.close();
      postgres.close();
      simulator.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void itsRoutesAre503UntilItIsBackAndTheUpstreamIsLeftAlone(Fault fault) throws Exception {
    try (Scene scene = new Scene().start()) {
      await().atMost(PATIENCE).until(() -> scene.ready() == 200);
      scene.awaitFetch(PATIENCE);
      assertThat(
              scene
                  .service
                  .send("POST", "/feed/items", "{\"id\":\"mine\",\"title\":\"kept\"}")
                  .statusCode())
          .isEqualTo(201);
      String items = scene.service.send("GET", "/feed/items").body();
      try (Bystander bystander = Bystander.of(scene.service)) {
        fault.begin.of(scene);
        scene.assertAllAreRefused();
        if (fault != Fault.TABLES_LOCKED) { // the database is there
          await().atMost(NOTICED).until(() -> scene.ready() == 503);
        }
        int asked = scene.simulator.requests();
        scene.assertAFloodIsRefused();
        scene.assertAllAreRefused();
        assertThat(scene.simulator.requests()).isLessThanOrEqualTo(asked + 1); // one under way

        fault.end.of(scene);
        await()
            .atMost(BACK)
            .untilAsserted(
                () -> {
                  assertThat(scene.ready()).isEqualTo(200);
                  assertThat(scene.service.send("GET", "/feed/items").body()).isEqualTo(items);
                });
        scene.awaitFetch(FETCHED);
        bystander.assertUndisturbed();
      }
      assertThat(scene.service.send("GET", "/feed/items").body()).isEqualTo(items);
      assertThat(scene.service.lines()).noneMatch(line -> line.contains(" lvl=[ERROR] "));
    }
  }

  @Test
  void oneThatIsNotThereAtTheStartIsUsedWhenItComes() {
    try (Scene scene = new Scene()) {
      scene.proxy.cut();
      scene.start();
      try (Bystander bystander = Bystander.of(scene.service)) {
        await().atMost(NOTICED).until(() -> scene.ready() == 503);
        scene.assertAllAreRefused();
        assertThat(scene.simulator.requests()).isZero();
        scene.proxy.restore();
        await().atMost(BACK).until(() -> scene.ready() == 200);
        scene.awaitFetch(PATIENCE);
        bystander.assertUndisturbed();
      }
      await()
          .untilAsserted(() -> assertThat(FeedStatus.of(scene.service).items()).isBetween(50, 51));
      assertThat(scene.service.lines()).noneMatch(line -> line.contains(" lvl=[ERROR] "));
    }
  }
}
