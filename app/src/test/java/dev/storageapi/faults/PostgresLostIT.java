package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Bystander;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.Refused;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.TcpProxy;
import dev.storageapi.testing.Watch;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Row 26: PostgreSQL is lost, in whichever way, and comes back. */
final class PostgresLostIT {

  private static final Duration ANSWERED = Duration.ofSeconds(2);
  private static final Duration NOTICED = Duration.ofSeconds(10);
  private static final Duration BACK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int FLOOD = 200;
  private static final int POOL = 8;

  private static final List<String> OPERATIONS =
      List.of("dataset_get", "dataset_insert", "dataset_list", "dataset_rename", "dataset_delete");

  /** A request of a route of the database, and its path in metrics and log. */
  private record Ask(String method, String target, String path) {}

  private static final List<Ask> ASKS =
      List.of(
          new Ask("GET", "/datasets/1", "/datasets/{id}"),
          new Ask("POST", "/datasets?name=lost", "/datasets"),
          new Ask("GET", "/datasets", "/datasets"),
          new Ask("PUT", "/datasets/1?name=other", "/datasets/{id}"),
          new Ask("DELETE", "/datasets/2", "/datasets/{id}"));

  /** What happens to the database, and what mends it. */
  @SuppressWarnings("ImmutableEnumChecker") // the steps have no state
  private enum Fault {
    STOPPED(all -> all.postgres.stop(), all -> all.postgres.restart()),
    KILLED(all -> all.postgres.kill(), all -> all.postgres.restart()),
    FROZEN(all -> all.postgres.freeze(), all -> all.postgres.thaw()),
    NETWORK_CUT(all -> all.proxy.cut(), all -> all.proxy.restore()),
    NETWORK_SILENT(all -> all.proxy.freeze(), all -> all.proxy.thaw()),
    NETWORK_SLOW(
        all -> all.proxy.latency(Duration.ofSeconds(2)), all -> all.proxy.latency(Duration.ZERO)),
    TABLE_LOCKED(Scene::lock, Scene::unlock);

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

  /** A service that reaches a PostgreSQL of its own through a network that can fail. */
  private static final class Scene implements AutoCloseable {

    private final PostgresCluster postgres = PostgresCluster.start();
    private final TcpProxy proxy = TcpProxy.start("127.0.0.1", postgres.port());
    private final ServiceProcess service;
    private Connection holder;

    Scene() {
      this(proxy -> {});
    }

    /** A scene whose network is as {@code before} leaves it when the service starts. */
    Scene(Consumer<TcpProxy> before) {
      before.accept(proxy);
      String url = postgres.url().replace(":" + postgres.port(), ":" + proxy.port());
      service = ServiceProcess.with(Map.of("DATABASE_URL", url)).start();
    }

    /** Two rows to ask for, once the database has been found. */
    void awaitRows() {
      await().atMost(PATIENCE).until(() -> ready() == 200);
      for (int i = 0; i < 2; i++) {
        assertThat(service.send("POST", "/datasets?name=row").statusCode()).isEqualTo(200);
      }
    }

    void lock() throws SQLException {
      holder = postgres.connect();
      holder.setAutoCommit(false);
      try (Statement statement = holder.createStatement()) {
        statement.execute("LOCK TABLE datasets");
      }
    }

    void unlock() throws SQLException {
      holder.close();
    }

    int ready() {
      return service.send("GET", "/ready/datasets").statusCode();
    }

    /** Whether one request after another succeeds. */
    boolean serves(Clients clients) {
      for (int i = 0; i < 10; i++) {
        if (!clients.served(ASKS.get(0), service.send("GET", "/datasets/1").statusCode())
            || !clients.served(
                ASKS.get(3), service.send("PUT", "/datasets/1?name=kept").statusCode())) {
          return false;
        }
      }
      return true;
    }

    /** The connections of the service that PostgreSQL knows. */
    int connections() throws SQLException {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement();
          ResultSet count =
              statement.executeQuery(
                  "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'storage-api'")) {
        count.next();
        return count.getInt(1);
      }
    }

    @Override
    public void close() {
      service.close();
      proxy.close();
      postgres.close();
    }
  }

  /** Clients of the routes of the database, which expect to be refused in time. */
  private static final class Clients {

    private final int port;
    private final Map<Ask, AtomicInteger> asked = new ConcurrentHashMap<>();
    private int next;

    Clients(int port) {
      this.port = port;
    }

    /** One asks; every route has its turn. */
    void one() {
      assertThat(refused(ASKS.get(next++ % ASKS.size()))).isLessThan(ANSWERED);
    }

    /** Whether one was served; one that was refused all the same is to be seen, too. */
    boolean served(Ask ask, int status) {
      if (status == 503) {
        asked.computeIfAbsent(ask, none -> new AtomicInteger()).incrementAndGet();
      }
      return status == 200;
    }

    /** Sends a request that is to be refused; how long that took. */
    private Duration refused(Ask ask) {
      asked.computeIfAbsent(ask, none -> new AtomicInteger()).incrementAndGet();
      return Refused.of(port, ask.method, ask.target, 2).time();
    }

    void allAtOnce() throws InterruptedException, ExecutionException {
      Refused.allAtOnce(FLOOD, ANSWERED, number -> refused(ASKS.get(number % ASKS.size())));
    }

    /** Each request has left one line, one count and one error of the database. */
    void assertSeen(Watch watch) {
      asked.forEach((ask, times) -> watch.assertSeen(times.get(), ask.path, ask.method, 503));
      double errors =
          OPERATIONS.stream()
              .mapToDouble(one -> watch.grown("db_query_errors_total", "operation", one))
              .sum();
      assertThat(errors).isEqualTo(asked.values().stream().mapToInt(AtomicInteger::get).sum());
    }
  }

  @Test
  void anEmptyOneInItsPlaceIsMigratedWithoutARestart() throws Exception {
    try (Scene scene = new Scene()) {
      scene.awaitRows();
      scene.postgres.administer("DROP DATABASE storage WITH (FORCE)");
      // What still waits for a connection would get one to the new one, before its tables are made.
      await().during(Duration.ofSeconds(1)).atMost(NOTICED).until(() -> scene.ready() == 503);
      scene.postgres.administer("CREATE DATABASE storage OWNER storage");
      await().atMost(BACK).until(() -> scene.ready() == 200);
      assertThat(scene.service.send("GET", "/datasets").body().strip()).isEqualTo("[]");
      assertThat(scene.service.send("POST", "/datasets?name=first").body()).contains("\"id\":1,");
      await()
          .atMost(BACK)
          .until(() -> scene.service.send("GET", "/feed").body().contains("\"last_attempt\":\""));
      assertThat(Watch.of(scene.service).lines("ERROR")).isEmpty();
    }
  }

  @Test
  void newConnectionsThatAreRefusedWhileAnOldOneAnswersAreNoFaultOfTheProgram() throws Exception {
    try (Scene scene = new Scene()) {
      scene.awaitRows();
      Clients clients = new Clients(scene.service.port());
      Watch watch = Watch.of(scene.service);
      scene.postgres.administer("ALTER ROLE storage NOLOGIN");
      scene.postgres.administer(
          """
          SELECT pg_terminate_backend(pid) FROM
            (SELECT pid, row_number() OVER (ORDER BY backend_start) AS age FROM pg_stat_activity
              WHERE application_name = 'storage-api') service
          WHERE age > 1 -- the first one is the Keeper's
          """);
      await()
          .atMost(NOTICED)
          .untilAsserted(
              () -> {
                clients.one();
                assertThat(scene.ready()).isEqualTo(503);
              });
      scene.postgres.administer("ALTER ROLE storage LOGIN");
      await().atMost(BACK).until(() -> scene.ready() == 200 && scene.serves(clients));
      clients.assertSeen(watch);
      assertThat(warnings(scene.service)).isEmpty();
      assertThat(watch.lines("ERROR")).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"KILLED", "FROZEN", "TABLE_LOCKED"})
  void itsRoutesAre503UntilItIsBackAndNobodyElseNotices(Fault fault) throws Exception {
    try (Scene scene = new Scene()) {
      scene.awaitRows();
      lose(fault, scene);
    }
  }

  @Test
  @Tag("full")
  void afterEveryFaultThereIsThereAreNoMoreThreadsThanAfterTheFirst() throws Exception {
    try (Scene scene = new Scene()) {
      scene.awaitRows();
      Watch young = Watch.of(scene.service);
      lose(Fault.KILLED, scene);
      young.assertThreadsBackAtBaseline(POOL); // what a first fault needs, its clients' gone
      Watch watch = Watch.of(scene.service);
      for (Fault fault : Fault.values()) {
        lose(fault, scene);
      }
      watch.assertThreadsBackAtBaseline();
    }
  }

  private static void lose(Fault fault, Scene scene) throws Exception {
    ServiceProcess service = scene.service;
    Clients clients = new Clients(service.port());
    Watch watch = Watch.withBaseline(service);
    int told = warnings(service).size();
    int more = fault == Fault.TABLE_LOCKED ? 0 : 1;
    try (Bystander bystander = Bystander.of(service)) {
      fault.begin.of(scene);
      clients.allAtOnce();
      await()
          .atMost(NOTICED)
          .untilAsserted(
              () -> {
                clients.one();
                assertThat(scene.ready()).isEqualTo(503);
                // On a busy machine nothing may have succeeded for long before that is known.
                assertThat(warnings(service)).hasSizeGreaterThanOrEqualTo(told + more);
              });
      clients.allAtOnce();
      fault.end.of(scene);
      await().atMost(BACK).until(() -> scene.ready() == 200 && scene.serves(clients));
      bystander.assertUndisturbed();
    }
    clients.assertSeen(watch);
    List<String> warnings = warnings(service);
    assertThat(warnings.subList(told, warnings.size()))
        .hasSize(more)
        .allMatch(line -> line.contains("msg=\"the database is away\""));
    assertThat(watch.lines("ERROR")).isEmpty();
    assertThat(scene.connections()).isBetween(1, 1 + POOL);
    watch.assertBackAtBaseline(POOL);
  }

  /** The warnings so far, but for those of the feed, which has nothing to fetch here. */
  private static List<String> warnings(ServiceProcess service) {
    return service.lines().stream()
        .filter(line -> line.contains(" lvl=[WARN] ") && !line.contains(":db-scheduler-"))
        .toList();
  }

  @Test
  void oneThatIsNotThereAtTheStartIsUsedWhenItComes() throws SQLException {
    try (Scene scene = new Scene(TcpProxy::cut)) {
      ServiceProcess service = scene.service;
      Clients clients = new Clients(service.port());
      Watch watch = Watch.of(service);
      try (Bystander bystander = Bystander.of(service)) {
        await().atMost(NOTICED).until(() -> scene.ready() == 503);
        ASKS.forEach(ask -> clients.one());
        assertThat(service.send("GET", "/ready").body()).contains("\"datasets\":{\"ready\":false");
        scene.proxy.restore();
        await().atMost(BACK).until(() -> scene.ready() == 200);
        assertThat(service.send("POST", "/datasets?name=first").body()).contains("\"id\":1,");
        bystander.assertUndisturbed();
      }
      clients.assertSeen(watch);
      assertThat(warnings(service))
          .singleElement()
          .asString()
          .contains("msg=\"the database is away\"");
      assertThat(watch.lines("ERROR")).isEmpty();
    }
  }
}
