package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Row 11: one id under concurrent PUT, GET and DELETE. The model: a single writer numbers its
 * changes, odd ones put and even ones delete; what a reader sees must be a whole object, or none,
 * of a change between the last that was done before it asked and the last begun before it heard.
 */
@Tag("jdk")
final class ConcurrencyIT {

  private static final int CHANGES = 3_000;
  private static final int READERS = 3;

  /** One id and how far its writer is. */
  private static final class Model {

    private final AtomicLong begun = new AtomicLong();
    private final AtomicLong done = new AtomicLong();

    void write(int port, String path) {
      Random random = new Random(1);
      try (RawClient client = RawClient.connect(port)) {
        for (long change = 1; change <= CHANGES; change++) {
          begun.set(change);
          String body = object(change, random.nextInt(2_000));
          client.write(
              change % 2 == 0
                  ? "DELETE " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"
                  : "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                      .formatted(path, body.length(), body));
          assertThat(client.answer().status()).isEqualTo(change % 2 == 0 ? 500 : 200);
          done.set(change);
        }
      }
    }

    /** Reads until the writer is through; the number of objects seen. */
    int read(int port, String path) {
      int seen = 0;
      try (RawClient client = RawClient.connect(port)) {
        while (done.get() < CHANGES) {
          long from = done.get();
          client.write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
          Answer answer = client.answer();
          long to = begun.get();
          if (answer.status() == 404) {
            assertThat(from % 2 == 0 || to > from).as("absent from %s to %s", from, to).isTrue();
          } else {
            assertThat(change(answer.body())).isBetween(from, to);
            seen++;
          }
        }
      }
      return seen;
    }

    /** The number of a change, over and over: a torn object would hold two. */
    private static String object(long change, int length) {
      String part = change + ";";
      return part.repeat(1 + length / part.length());
    }

    private static long change(String object) {
      String[] parts = object.split(";");
      assertThat(object).endsWith(";");
      assertThat(parts).containsOnly(parts[0]);
      return Long.parseLong(parts[0]);
    }
  }

  @Test
  void noReadIsTornOrStale() throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (ServiceProcess service =
        ServiceProcess.with(Map.of("LOG_LEVELS", "dev.storageapi.telemetry.AccessLog=WARN"))
            .start()) {
      List<Future<?>> writers = new ArrayList<>();
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        String path = "/api/buckets/contended" + i;
        Model model = new Model();
        writers.add(threads.submit(() -> model.write(service.port(), path)));
        for (int r = 0; r < READERS; r++) {
          readers.add(threads.submit(() -> model.read(service.port(), path)));
        }
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
      for (Future<Integer> reader : readers) {
        assertThat(reader.get()).isPositive();
      }
      assertThat(service.scrape().value("storage_objects")).isZero();
      assertThat(service.scrape().value("storage_bytes")).isZero();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void manyWritersOfOneIdLeaveOneWholeObjectAndATrueAccount()
      throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (ServiceProcess service =
        ServiceProcess.with(
                Map.of(
                    "STORAGE_MAX_BYTES", "20000",
                    "STORAGE_MAX_OBJECT_BYTES", "9000",
                    "LOG_LEVELS", "dev.storageapi=WARN,dev.storageapi.Main=INFO"))
            .start()) {
      List<Future<?>> writers = new ArrayList<>();
      for (int w = 0; w < 4; w++) {
        int seed = w;
        writers.add(threads.submit(() -> change(service.port(), new Random(seed))));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
      double bytes = 0;
      double objects = 0;
      for (int id = 0; id < 3; id++) {
        Answer last = get(service.port(), id);
        if (last.status() == 200) {
          assertThat(last.body().chars().distinct().count()).isEqualTo(1);
          bytes += last.body().length();
          objects++;
        }
      }
      assertThat(service.scrape().value("storage_bytes")).isEqualTo(bytes);
      assertThat(service.scrape().value("storage_objects")).isEqualTo(objects);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void change(int port, Random random) {
    try (RawClient client = RawClient.connect(port)) {
      for (int i = 0; i < 1_000; i++) {
        String path = "/api/buckets/shared" + random.nextInt(3);
        if (random.nextInt(4) == 0) {
          client.write("DELETE " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
          assertThat(client.answer().status()).isIn(400, 500);
        } else {
          String body =
              Character.toString('a' + random.nextInt(26)).repeat(1 + random.nextInt(9_000));
          client.write(
              "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(path, body.length(), body));
          assertThat(client.answer().status()).isIn(200, 507);
        }
      }
    }
  }

  private static Answer get(int port, int id) {
    try (RawClient client = RawClient.connect(port)) {
      client.write("GET /api/buckets/shared" + id + " HTTP/1.1\r\nHost: x\r\n\r\n");
      return client.answer();
    }
  }
}
