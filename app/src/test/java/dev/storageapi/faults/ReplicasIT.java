package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.FreePort;
import dev.storageapi.testing.History;
import dev.storageapi.testing.History.Kind;
import dev.storageapi.testing.History.Operation;
import dev.storageapi.testing.Nginx;
import dev.storageapi.testing.Parallel;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.Sealed;
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
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
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
  private static final int CLIENTS = 32;
  private static final int KEYS = 12;
  private static final int SMALL = 2_000;
  private static final int LARGE = 300_000; // more than fits into the buffers on its way
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
  private final Map<String, Queue<Operation>> histories = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> statuses = new ConcurrentHashMap<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private RedisServer redis;
  private Nginx nginx;

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
    clients(100, 1);
    assertOneRegisterForEachBucket();
  }

  @Test
  @Tag("ci")
  void oneRegisterForEachBucketOverManyRequests() throws Exception {
    start();
    clients(1_000, 2);
    assertOneRegisterForEachBucket();
  }

  @ParameterizedTest
  @Tag("full")
  @ValueSource(longs = {3, 4, 5, 6})
  void oneRegisterForEachBucketOverManyRequestsOfAnyKind(long seed) throws Exception {
    start();
    clients(5_000, seed);
    assertOneRegisterForEachBucket();
  }

  /** All were answered, by all of the replicas, and each has counted what it answered. */
  private void assertOneRegisterForEachBucket() {
    assertThat(unanswered.get()).as(nginx.log()).isZero();
    assertThat(statuses.keySet())
        .containsExactlyInAnyOrder("PUT 200", "GET 200", "GET 404", "DELETE 500", "DELETE 400");
    await()
        .atMost(PATIENCE) // counts come after the last byte
        .untilAsserted(
            () ->
                statuses.forEach(
                    (status, times) ->
                        assertThat(counted(status)).as(status).isEqualTo(times.get())));
    int fair = asked.get() / REPLICAS;
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
    for (int key = 0; key < KEYS; key++) {
      String bucket = "bucket" + key;
      List<String> found = new ArrayList<>();
      for (ServiceProcess replica : replicas) {
        try (RawClient client = RawClient.connect(replica.port())) {
          found.add(read(client, bucket));
        }
      }
      assertThat(found).as(bucket).containsOnly(found.get(0));
      objects += found.get(0).equals(History.ABSENT) ? 0 : 1;
      assertThat(History.isLinearizable(histories.get(bucket))).as(bucket).isTrue();
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
      Future<?> clients =
          running.submit(
              () -> {
                clients(600, 7);
                return null;
              });
      for (int round = 0; round < REPLICAS; round++) {
        int enough = CLIENTS * 600 * (1 + round) / (REPLICAS + 1);
        await()
            .atMost(PATIENCE.multipliedBy(2))
            .pollInterval(Duration.ofMillis(2))
            .until(() -> asked.get() > enough || clients.isDone());
        replicas.get(round).kill();
        replicas.get(round).exitCode();
        start(round);
      }
      clients.get();
    } finally {
      running.shutdownNow();
    }
    assertThat(unanswered.get()).as("requests without an answer").isPositive();
    assertAllIsThere();
  }

  private void clients(int requests, long seed) throws ExecutionException, InterruptedException {
    Parallel.run(
        CLIENTS,
        number -> {
          Random random = new Random(seed * 1_000 + number);
          RawClient client = RawClient.connect(nginx.port());
          try {
            for (int i = 0; i < requests; i++) {
              client = ask(client, random, "client" + number + "-" + i);
            }
          } finally {
            client.close();
          }
        });
  }

  /** Sends one request; the connection to go on with. */
  private RawClient ask(RawClient client, Random random, String name) {
    String bucket = "bucket" + random.nextInt(KEYS);
    String value = bucket + "-" + name;
    int length = random.nextInt(random.nextInt(10) == 0 ? LARGE : SMALL);
    asked.incrementAndGet();
    boolean answered =
        switch (random.nextInt(10)) {
          case 0, 1, 2 -> put(client, bucket, value, length);
          case 3 -> remove(client, bucket);
          default -> get(client, bucket);
        };
    if (answered) {
      return client;
    }
    unanswered.incrementAndGet();
    client.close();
    return RawClient.connect(nginx.port());
  }

  private boolean put(RawClient client, String bucket, String value, int length) {
    String object = Sealed.object(value, length);
    long called = System.nanoTime();
    Optional<Answer> answer = send(client, "PUT", bucket, object);
    note(
        bucket,
        answer.isPresent()
            ? new Operation(Kind.PUT, value, called, System.nanoTime())
            : Operation.unanswered(Kind.PUT, value, called));
    return answer.isPresent();
  }

  private boolean remove(RawClient client, String bucket) {
    long called = System.nanoTime();
    Optional<Answer> answer = send(client, "DELETE", bucket, "");
    note(
        bucket,
        answer
            .map(
                one ->
                    new Operation(
                        one.status() == 400 ? Kind.NOT_REMOVED : Kind.REMOVED,
                        History.ABSENT,
                        called,
                        System.nanoTime()))
            .orElse(Operation.unanswered(Kind.PERHAPS_REMOVED, History.ABSENT, called)));
    return answer.isPresent();
  }

  private boolean get(RawClient client, String bucket) {
    long called = System.nanoTime();
    Optional<Answer> answer = send(client, "GET", bucket, "");
    answer.ifPresent(
        one ->
            note(bucket, new Operation(Kind.READ, value(one, bucket), called, System.nanoTime())));
    return answer.isPresent();
  }

  /** Reads a bucket, which must succeed; what is there. */
  private String read(RawClient client, String bucket) {
    long called = System.nanoTime();
    String value = value(send(client, "GET", bucket, "").orElseThrow(), bucket);
    note(bucket, new Operation(Kind.READ, value, called, System.nanoTime()));
    return value;
  }

  private static String value(Answer answer, String bucket) {
    if (answer.status() == 404) {
      return History.ABSENT;
    }
    String value = Sealed.name(answer.body());
    assertThat(value).startsWith(bucket + "-");
    return value;
  }

  private void note(String bucket, Operation operation) {
    histories.computeIfAbsent(bucket, none -> new ConcurrentLinkedQueue<>()).add(operation);
  }

  /** The service's answer; none if nginx has not got one. */
  private Optional<Answer> send(RawClient client, String method, String bucket, String object) {
    client.write(
        "%s /api/buckets/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(method, bucket, object.length(), object));
    Optional<Answer> answer = client.readUntilAnswered(PATIENCE).filter(one -> one.status() != 502);
    answer.ifPresent(
        one ->
            statuses
                .computeIfAbsent(method + " " + one.status(), none -> new AtomicInteger())
                .incrementAndGet());
    return answer;
  }

  @Test
  @Tag("ci")
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
