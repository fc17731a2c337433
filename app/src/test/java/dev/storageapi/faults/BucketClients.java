package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.History;
import dev.storageapi.testing.History.Kind;
import dev.storageapi.testing.History.Operation;
import dev.storageapi.testing.Parallel;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.Sealed;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Clients that put, get and delete a few buckets at random by way of a proxy, and note what they
 * asked and were answered, and when: a {@link History} of each bucket.
 */
final class BucketClients {

  /** So many at once. */
  static final int COUNT = 32;

  /** What they ask for. */
  static final List<String> BUCKETS =
      IntStream.range(0, 12).mapToObj("bucket%d"::formatted).toList();

  private static final int SMALL = 2_000;
  private static final int LARGE = 300_000; // more than fits into the buffers on its way
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final int port;
  private final Map<String, Queue<Operation>> histories = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> statuses = new ConcurrentHashMap<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();

  /** Clients of the proxy on a port. */
  BucketClients(int port) {
    this.port = port;
  }

  /** How many requests were sent. */
  int asked() {
    return asked.get();
  }

  /** How many of them nobody has done, or nobody has told of: 502, 503 or nothing at all. */
  int unanswered() {
    return unanswered.get();
  }

  /** How many answers there were, by method and status. */
  Map<String, Integer> statuses() {
    Map<String, Integer> all = new TreeMap<>();
    statuses.forEach((status, times) -> all.put(status, times.get()));
    return all;
  }

  /** What was done to a bucket. */
  Queue<Operation> history(String bucket) {
    return histories.get(bucket);
  }

  /** So many requests of each client, of which a seed makes always the same. */
  void run(int requests, long seed) throws ExecutionException, InterruptedException {
    Parallel.run(
        COUNT,
        number -> {
          Random random = new Random(seed * 1_000 + number);
          RawClient client = RawClient.connect(port);
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
    String bucket = BUCKETS.get(random.nextInt(BUCKETS.size()));
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
    return RawClient.connect(port);
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
  String read(RawClient client, String bucket) {
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

  /** The service's answer; none if nginx has not got one, or only that the store is not there. */
  private Optional<Answer> send(RawClient client, String method, String bucket, String object) {
    client.write(
        "%s /api/buckets/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(method, bucket, object.length(), object));
    Optional<Answer> answer =
        client
            .readUntilAnswered(PATIENCE)
            .filter(one -> one.status() != 502 && one.status() != 503);
    answer.ifPresent(
        one ->
            statuses
                .computeIfAbsent(method + " " + one.status(), none -> new AtomicInteger())
                .incrementAndGet());
    return answer;
  }
}
