package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FreePort;
import dev.storageapi.testing.History;
import dev.storageapi.testing.Nginx;
import dev.storageapi.testing.Parallel;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three processes behind nginx, with one store and one database, are one service: whichever of them
 * answers, the answers are those of one register for each bucket.
 */
class ReplicasIT {

  private static final int REPLICAS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String PATH = "/api/buckets/{id}";

  /** Time limits that three processes on a busy machine do not reach: none is to fail here. */
  private static final Map<String, String> PATIENT =
      Map.of(
          "STORAGE_POOL_TIMEOUT", "3s",
          "STORAGE_TIMEOUT", "3s",
          "DATABASE_POOL_TIMEOUT", "5s",
          "DATABASE_QUERY_TIMEOUT", "5s",
          "SERVER_ADMISSION_WAIT", "5s");

  private final List<ServiceProcess> replicas = new ArrayList<>();
  private final List<Integer> ports =
      IntStream.range(0, REPLICAS).map(i -> FreePort.find()).boxed().toList();
  private final Map<String, String> settings = new HashMap<>();
  private RedisServer redis;
  private Nginx nginx;
  private BucketClients clients;

  @BeforeEach
  void prepare() {
    Nginx.assumeInstalled();
    redis = RedisServer.start();
    settings.put("STORAGE_URL", redis.url());
    settings.put("DATABASE_URL", PostgresCluster.shared().freshDatabase());
    settings.putAll(PATIENT);
    settings.put("LOG_LEVELS", "dev.storageapi.telemetry.AccessLog=WARN");
  }

  @AfterEach
  void close() {
    if (nginx != null) {
      nginx.close();
    }
    replicas.stream().filter(Objects::nonNull).forEach(ServiceProcess::close);
    if (redis != null) {
      redis.close();
    }
  }

  private void start() throws ExecutionException, InterruptedException {
    replicas.addAll(Collections.nCopies(REPLICAS, null));
    Parallel.run(REPLICAS, this::start);
    nginx = Nginx.before(ports);
    clients = new BucketClients(nginx.port());
  }

  private void start(int number) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("PORT", Integer.toString(ports.get(number)));
    ServiceProcess replica = ServiceProcess.with(all).launch();
    replicas.set(number, replica);
    await() // three at once take longer
        .atMost(PATIENCE.multipliedBy(2))
        .untilAsserted(
            () -> {
              assertThat(replica.port()).as(replica.errors()).isNotZero();
              assertThat(replica.send("GET", "/ready").statusCode()).isEqualTo(200);
              assertThat(replica.send("GET", "/ready/datasets").statusCode()).isEqualTo(200);
            });
  }

  @Test
  void whateverIsAskedOfWhicheverItIsOneRegisterForEachBucket() throws Exception {
    start();
    clients.run(100, 1);
    assertOneRegisterForEachBucket();
  }

  @Test
  @Tag("ci")
  void oneRegisterForEachBucketOverManyRequests() throws Exception {
    start();
    clients.run(1_000, 2);
    assertOneRegisterForEachBucket();
  }

  @ParameterizedTest
  @Tag("full")
  @ValueSource(longs = {3, 4, 5, 6})
  void oneRegisterForEachBucketOverManyRequestsOfAnyKind(long seed) throws Exception {
    start();
    clients.run(5_000, seed);
    assertOneRegisterForEachBucket();
  }

  /** All were answered, by all of the replicas, and each has counted what it answered. */
  private void assertOneRegisterForEachBucket() {
    assertThat(clients.unanswered()).as(nginx.log()).isZero();
    assertThat(clients.statuses().keySet())
        .containsExactlyInAnyOrder("PUT 200", "GET 200", "GET 404", "DELETE 500", "DELETE 400");
    await()
        .atMost(PATIENCE) // counts come after the last byte
        .untilAsserted(
            () ->
                clients
                    .statuses()
                    .forEach(
                        (status, times) ->
                            assertThat(counted(status)).as(status).isEqualTo(times.doubleValue())));
    int fair = clients.asked() / REPLICAS;
    assertThat(replicas)
        .allSatisfy(
            one ->
                assertThat(one.scrape().sum("http_requests_total", "path", PATH))
                    .isBetween(0.9 * fair, 1.1 * fair));
    assertAllIsThere();
  }

  private double counted(String status) {
    String[] words = status.split(" ", -1);
    return replicas.stream()
        .mapToDouble(
            one ->
                one.scrape()
                    .sum(
                        "http_requests_total",
                        "path",
                        PATH,
                        "method",
                        words[0],
                        "status",
                        words[1]))
        .sum();
  }

  /** What every replica has at last is what the history of each bucket leads to. */
  private void assertAllIsThere() {
    int objects = 0;
    for (String bucket : BucketClients.BUCKETS) {
      List<String> found = new ArrayList<>();
      for (ServiceProcess replica : replicas) {
        try (RawClient client = RawClient.connect(replica.port())) {
          found.add(clients.read(client, bucket));
        }
      }
      assertThat(found).as(bucket).containsOnly(found.get(0));
      objects += found.get(0).equals(History.ABSENT) ? 0 : 1;
      assertThat(History.isLinearizable(clients.history(bucket))).as(bucket).isTrue();
    }
    int left = objects;
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(replicas)
                    .allSatisfy(
                        one -> assertThat(one.scrape().value("storage_objects")).isEqualTo(left)));
  }

  @Test
  @Tag("ci")
  void whenReplicasAreKilledOnlyWhatWasUnderWayIsUncertain() throws Exception {
    start();
    ExecutorService running = Executors.newSingleThreadExecutor();
    try {
      Future<?> all =
          running.submit(
              () -> {
                clients.run(600, 7);
                return null;
              });
      for (int round = 0; round < REPLICAS; round++) {
        int enough = BucketClients.COUNT * 600 * (1 + round) / (REPLICAS + 1);
        await()
            .atMost(PATIENCE.multipliedBy(2))
            .pollInterval(Duration.ofMillis(2))
            .until(() -> clients.asked() > enough || all.isDone());
        replicas.get(round).kill();
        replicas.get(round).exitCode();
        start(round);
      }
      all.get();
    } finally {
      running.shutdownNow();
    }
    assertThat(clients.unanswered())
        .as("requests without an answer")
        .isBetween(1, clients.asked() / 20);
    assertAllIsThere();
  }

  @Test
  @Tag("full")
  void theFeedIsFetchedOnceAnIntervalAndAllServeTheSame() throws Exception {
    Duration interval = Duration.ofSeconds(2);
    try (Simulator upstream = Simulator.start()) {
      settings.putAll(
          upstream.feed(
              settings.get("DATABASE_URL"),
              "FEED_QUOTA",
              "5",
              "FEED_QUOTA_WINDOW",
              interval.multipliedBy(5).toSeconds() + "s"));
      Instant start = Instant.now();
      start();
      await().atMost(PATIENCE).until(() -> upstream.requests() >= 6);
      long intervals = Duration.between(start, Instant.now()).dividedBy(interval);
      assertThat((long) upstream.requests()).isLessThanOrEqualTo(intervals + 1);
      await() // a fetch may come between
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(all("/feed/items")).doesNotContain("[]\n").hasSize(1));
    }
  }

  @Test
  void datasetsAreTheSameThroughAnyOfThem() throws Exception {
    start();
    for (int i = 1; i <= 9; i++) {
      String name = "name" + i;
      assertThat(throughNginx("POST", "/datasets?name=" + name)).contains("\"id\":" + i + ",");
      assertThat(all("/datasets/" + i)).singleElement().asString().contains(name);
    }
    throughNginx("PUT", "/datasets/3?name=changed");
    assertThat(all("/datasets/3")).singleElement().asString().contains("changed");
    throughNginx("DELETE", "/datasets/4");
    assertThat(all("/datasets/4")).singleElement().asString().contains("Dataset not found");
    assertThat(all("/datasets")).hasSize(1);
  }

  /** What each of them answers, without repetitions. */
  private Set<String> all(String path) {
    return replicas.stream().map(one -> one.send("GET", path).body()).collect(Collectors.toSet());
  }

  private String throughNginx(String method, String target) {
    try (RawClient client = RawClient.connect(nginx.port())) {
      client.write(
          "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".formatted(method, target));
      return client.answer().body();
    }
  }
}
