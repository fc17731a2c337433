package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Bystander;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.Refused;
import dev.storageapi.testing.Sealed;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.TcpProxy;
import dev.storageapi.testing.Watch;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The shared store is lost, in whichever way, and comes back. */
final class SharedStoreLostIT {

  /** A turn, a connection and a command: 1.2 s by default; and what a busy machine takes. */
  private static final Duration ANSWERED = Duration.ofSeconds(2);

  /** Of one that is known to be away. */
  private static final Duration AT_ONCE = Duration.ofMillis(200);

  private static final Duration NOTICED = Duration.ofSeconds(10);
  private static final Duration BACK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int FLOOD = 200;
  private static final int POOL = 16;
  private static final String PATH = "/api/buckets/{id}";
  private static final List<String> METHODS = List.of("GET", "PUT", "DELETE");

  @TempDir private Path folder;

  /** What happens to the store, and what mends it. */
  @SuppressWarnings("ImmutableEnumChecker") // the steps have no state
  private enum Fault {
    KILLED(all -> all.redis.kill(), all -> all.redis.restart()),
    FROZEN(all -> all.redis.freeze(), all -> all.redis.thaw()),
    CROWDED(all -> all.redis.crowd(), all -> all.redis.uncrowd()),
    NETWORK_CUT(all -> all.proxy.cut(), all -> all.proxy.restore()),
    NETWORK_SILENT(all -> all.proxy.freeze(), all -> all.proxy.thaw()),
    NETWORK_SLOW(
        all -> all.proxy.latency(Duration.ofSeconds(2)), all -> all.proxy.latency(Duration.ZERO));

    private final Consumer<Scene> begin;
    private final Consumer<Scene> end;

    Fault(Consumer<Scene> begin, Consumer<Scene> end) {
      this.begin = begin;
      this.end = end;
    }
  }

  /** A service that reaches a store of its own through a network that can fail. */
  private static final class Scene implements AutoCloseable {

    private final RedisServer redis =
        RedisServer.start("--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "64mb");
    private final TcpProxy proxy = TcpProxy.start("127.0.0.1", redis.port());
    private final ServiceProcess service;

    Scene(Path folder) {
      this(folder, proxy -> {});
    }

    /** A scene whose network is as {@code before} leaves it when the service starts. */
    Scene(Path folder, Consumer<TcpProxy> before) {
      before.accept(proxy);
      Map<String, String> settings = new HashMap<>();
      settings.put("STORAGE_URL", "redis://127.0.0.1:" + proxy.port());
      settings.put("DATABASE_URL", Engine.H2.emptyDatabase(folder));
      service = ServiceProcess.with(settings).start();
    }

    /** An object to be kept, once the store has been found. */
    void awaitObject() {
      awaitDatabase();
      await().atMost(PATIENCE).until(() -> ready() == 200 && put(service, "kept") == 200);
    }

    /** What a bystander asks for is there. */
    void awaitDatabase() {
      await()
          .atMost(PATIENCE)
          .until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
    }

    int ready() {
      return service.send("GET", "/ready").statusCode();
    }

    /** Whether one request after another succeeds, and each object is its own. */
    boolean serves(Clients clients) {
      for (int i = 0; i < 10; i++) {
        String id = "served" + i;
        if (!clients.served("PUT", put(service, id))) {
          return false;
        }
        HttpResponse<String> answer = service.send("GET", "/api/buckets/" + id);
        if (!clients.served("GET", answer.statusCode())) {
          return false;
        }
        assertThat(Sealed.name(answer.body())).isEqualTo(id);
      }
      return true;
    }

    /** The connections of the service that the store knows. */
    long connections() {
      return redis.cli("CLIENT", "LIST").lines().count() - 1; // the one that asks
    }

    @Override
    public void close() {
      service.close();
      proxy.close();
      redis.close();
    }
  }

  private static int put(ServiceProcess service, String id) {
    return service.send("PUT", "/api/buckets/" + id, Sealed.object(id, 3_000)).statusCode();
  }

  /** Clients that expect to be refused in time. */
  private static final class Clients {

    private final int port;
    private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();

    /** Those of them that came while too many were at work: the store was not asked for them. */
    private final Map<String, AtomicInteger> notAsked = new ConcurrentHashMap<>();

    private int next;

    Clients(int port) {
      this.port = port;
    }

    /** One asks; every method has its turn. */
    Duration one() {
      Duration time = refused(METHODS.get(next++ % METHODS.size()));
      assertThat(time).isLessThan(ANSWERED);
      return time;
    }

    /** Whether one was served; one that was refused all the same is to be seen, too. */
    boolean served(String method, int status) {
      if (status == 503) {
        asked.computeIfAbsent(method, none -> new AtomicInteger()).incrementAndGet();
      }
      return status == 200;
    }

    /** Sends a request that is to be refused; how long that took. */
    private Duration refused(String method) {
      asked.computeIfAbsent(method, none -> new AtomicInteger()).incrementAndGet();
      Refused refused = Refused.of(port, method, "/api/buckets/lost", 1);
      assertThat(refused.body()).doesNotContain("127.0.0.1");
      if (refused.body().contains("The service is at its limit")) {
        notAsked.computeIfAbsent(method, none -> new AtomicInteger()).incrementAndGet();
      }
      return refused.time();
    }

    void allAtOnce() throws InterruptedException, ExecutionException {
      Refused.allAtOnce(FLOOD, ANSWERED, number -> refused(METHODS.get(number % METHODS.size())));
    }

    /** While it is known that the store is away nobody waits for it. */
    void refusedAtOnce() {
      List<Duration> times = new ArrayList<>();
      for (int i = 0; i < 21; i++) {
        times.add(one());
      }
      Collections.sort(times);
      assertThat(times.get(times.size() / 2)).isLessThan(AT_ONCE);
    }

    /** Each request has left one line, one count and one error of the store. */
    void assertSeen(Watch watch) {
      asked.forEach(
          (method, times) -> {
            watch.assertSeen(times.get(), PATH, method, 503);
            assertThat(
                    watch.grown(
                        "storage_operation_errors_total",
                        "operation",
                        method.toLowerCase(Locale.ROOT)))
                .isEqualTo(times.get() - notAsked.getOrDefault(method, new AtomicInteger()).get());
          });
      assertThat(watch.grown("storage_operation_errors_total", "reason", "fault")).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"KILLED", "FROZEN"})
  void bucketsAre503UntilItIsBackAndNobodyElseNotices(Fault fault) throws Exception {
    try (Scene scene = new Scene(folder)) {
      scene.awaitObject();
      lose(fault, scene);
    }
  }

  @ParameterizedTest
  @Tag("ci")
  @EnumSource(names = {"CROWDED", "NETWORK_CUT", "NETWORK_SILENT", "NETWORK_SLOW"})
  void itIsTheSameWhereItHasNoPlaceOrTheNetworkFails(Fault fault) throws Exception {
    try (Scene scene = new Scene(folder)) {
      scene.awaitObject();
      lose(fault, scene);
    }
  }

  @Test
  @Tag("full")
  void afterEveryFaultThereIsThereAreNoMoreThreadsThanAfterTheFirst() throws Exception {
    try (Scene scene = new Scene(folder)) {
      scene.awaitObject();
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
    int threads = service.threads();
    try (Bystander bystander =
        Bystander.of(service, "/health", "/datasets", "/ready/datasets", "/info")) {
      fault.begin.accept(scene);
      clients.allAtOnce();
      await()
          .atMost(NOTICED)
          .untilAsserted(
              () -> {
                clients.one();
                assertThat(scene.ready()).isEqualTo(503);
                assertThat(service.scrape().value("storage_up")).isZero();
              });
      assertThat(service.send("GET", "/ready").body())
          .contains("\"storage\":{\"ready\":false")
          .doesNotContain("127.0.0.1");
      clients.refusedAtOnce();
      clients.allAtOnce();
      assertThat(service.threads()).isLessThan(threads + FLOOD);
      fault.end.accept(scene);
      await().atMost(BACK).until(() -> scene.ready() == 200 && scene.serves(clients));
      bystander.assertUndisturbed();
    }
    assertThat(service.scrape().value("storage_up")).isEqualTo(1);
    assertThat(Sealed.name(service.send("GET", "/api/buckets/kept").body())).isEqualTo("kept");
    clients.assertSeen(watch);
    List<String> warnings = warnings(service);
    assertThat(warnings.subList(told, warnings.size()))
        .hasSizeBetween(1, 3) // another each time that the reason is
        .allMatch(line -> line.matches(".* msg=\"the shared store (is away|refuses): .*"));
    assertThat(watch.lines("ERROR")).isEmpty();
    await() // what was cut ends at the store behind the network's delay
        .atMost(BACK)
        .untilAsserted(() -> assertThat(scene.connections()).isBetween(1L, 1L + POOL));
    watch.assertBackAtBaseline(POOL);
  }

  /** The warnings so far, but for those of the feed, which has nothing to fetch here. */
  private static List<String> warnings(ServiceProcess service) {
    return service.lines().stream()
        .filter(line -> line.contains(" lvl=[WARN] ") && !line.contains(":db-scheduler-"))
        .toList();
  }

  @Test
  void oneThatIsNotThereAtTheStartIsUsedWhenItComes() {
    try (Scene scene = new Scene(folder, TcpProxy::cut)) {
      ServiceProcess service = scene.service;
      Clients clients = new Clients(service.port());
      Watch watch = Watch.of(service);
      scene.awaitDatabase();
      try (Bystander bystander = Bystander.of(service, "/health", "/datasets")) {
        await().atMost(NOTICED).until(() -> scene.ready() == 503);
        METHODS.forEach(method -> clients.one());
        assertThat(service.send("GET", "/ready/storage").statusCode()).isEqualTo(503);
        scene.proxy.restore();
        await().atMost(BACK).until(() -> scene.ready() == 200 && scene.serves(clients));
        bystander.assertUndisturbed();
      }
      clients.assertSeen(watch);
      assertThat(watch.lines("ERROR")).isEmpty();
    }
  }

  @Test
  void aConnectionThatEndsWithinAnAnswerLeavesNothingBehindForTheNext() throws Exception {
    String large = Sealed.object("large", 1_000_000);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Scene scene = new Scene(folder)) {
      scene.awaitObject();
      ServiceProcess service = scene.service;
      await()
          .atMost(PATIENCE)
          .until(() -> service.send("PUT", "/api/buckets/large", large).statusCode() == 200);
      for (int round = 0; round < 3; round++) {
        scene.proxy.latency(Duration.ofMillis(30)); // of each piece: the answer has 16 at least
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < POOL; i++) {
          answers.add(threads.submit(() -> service.send("GET", "/api/buckets/large").statusCode()));
        }
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(1))
            .until(
                () ->
                    service.scrape().value("storage_pool_connections", "state", "active") > 0
                        || answers.stream().anyMatch(Future::isDone));
        scene.proxy.cut();
        scene.proxy.latency(Duration.ZERO);
        scene.proxy.restore();
        for (Future<Integer> one : answers) {
          assertThat(one.get()).isIn(200, 503);
        }
        await()
            .atMost(BACK)
            .until(() -> scene.ready() == 200 && scene.serves(new Clients(service.port())));
        assertThat(service.send("GET", "/api/buckets/large").body()).isEqualTo(large);
      }
      assertThat(Watch.of(service).lines("ERROR")).isEmpty();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aPasswordThatIsNotAcceptedIsToldAndNotShown() {
    try (RedisServer redis = RedisServer.start("--requirepass", "accepted");
        ServiceProcess service =
            ServiceProcess.with(
                    Map.of("STORAGE_URL", redis.url(), "STORAGE_PASSWORD", "n0t-acc3pted"))
                .start()) {
      await()
          .atMost(NOTICED)
          .until(() -> warnings(service).stream().anyMatch(line -> line.contains("WRONGPASS")));
      assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(503);
      assertThat(put(service, "refused")).isEqualTo(503);
      List<String> told = new ArrayList<>(service.lines());
      told.add(service.errors());
      for (String path : List.of("/ready", "/info", "/metrics", "/api/buckets/refused")) {
        told.add(service.send("GET", path).body());
      }
      assertThat(told).noneMatch(text -> text.contains("n0t-acc3pted"));
      redis.cli(
          "--no-auth-warning", "-a", "accepted", "CONFIG", "SET", "requirepass", "n0t-acc3pted");
      await()
          .atMost(BACK)
          .until(
              () ->
                  service.send("GET", "/ready").statusCode() == 200
                      && put(service, "stored") == 200);
    }
  }
}
