package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Row 4: more requests than the service can work on. */
@Tag("jdk")
final class OverloadIT {

  private static final Duration ADMISSION_WAIT = Duration.ofMillis(50);
  private static final long REFUSED_WITHIN = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int PLACES = 8;

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }

  @Test
  void oneRequestTooManyIsRefusedSoonAndCountedAndProbesAreNot() {
    CountDownLatch release = new CountDownLatch(1);
    Route held =
        Route.get(
            "/held",
            request -> {
              hold(release);
              return Response.text(200, "done");
            });
    Route probe =
        Route.get("/probe", request -> Response.text(200, "well")).with(Route.Trait.UNSHED);
    List<RawClient> holders = new ArrayList<>();
    try (TestServer server = new TestServer(PLACES, ADMISSION_WAIT, held, probe);
        RawClient client = RawClient.connect(server.port())) {
      for (int i = 0; i < PLACES; i++) {
        RawClient holder = RawClient.connect(server.port());
        holder.write(get("/held"));
        holders.add(holder);
      }
      await().until(() -> server.inFlight() == PLACES);
      int soon = 0;
      for (int i = 0; i < 20; i++) {
        long start = System.nanoTime();
        client.write(get("/held"));
        Answer answer = client.answer();
        soon += System.nanoTime() - start <= REFUSED_WITHIN ? 1 : 0;
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isEqualTo("1");
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        client.write(get("/probe"));
        assertThat(client.answer().status()).isEqualTo(200);
      }
      assertThat(soon).isGreaterThanOrEqualTo(18); // a busy machine may be late itself
      release.countDown();
      for (RawClient holder : holders) {
        assertThat(holder.answer().status()).isEqualTo(200);
      }
      assertThat(server.scrape().value("http_requests_rejected_total", "reason", "overload"))
          .isEqualTo(20);
      assertThat(
              server
                  .scrape()
                  .value("http_requests_total", "path", "/held", "method", "GET", "status", "503"))
          .isEqualTo(20);
      await()
          .untilAsserted(
              () ->
                  assertThat(server.lines())
                      .filteredOn(line -> line.contains("status_code=503"))
                      .hasSize(20));
    } finally {
      release.countDown();
      holders.forEach(RawClient::close);
    }
  }

  private static void hold(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Windows at the capacity and at three times that rate take turns; medians are compared. */
  @Test
  @Tag("ci")
  void goodputStaysAtThreeTimesTheCapacity() throws InterruptedException, ExecutionException {
    long workNanos = TimeUnit.MILLISECONDS.toNanos(20);
    int capacity = (int) (PLACES * TimeUnit.SECONDS.toNanos(1) / workNanos);
    Route work =
        Route.get(
            "/work",
            request -> {
              long end = System.nanoTime() + workNanos;
              while (System.nanoTime() < end) {
                LockSupport.parkNanos(end - System.nanoTime());
              }
              return Response.text(200, "done");
            });
    ExecutorService threads = Executors.newCachedThreadPool();
    try (TestServer server = new TestServer(PLACES, ADMISSION_WAIT, work)) {
      load(threads, server.port(), capacity);
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        double peak = load(threads, server.port(), capacity);
        double overloaded = load(threads, server.port(), 3 * capacity);
        ratios.add(overloaded / peak);
      }
      assertThat(ratios.stream().sorted().skip(2).findFirst().orElseThrow())
          .isGreaterThanOrEqualTo(0.9);
      assertThat(server.scrape().value("http_requests_rejected_total", "reason", "overload"))
          .isGreaterThan(capacity);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Offers {@code rate} requests a second for three seconds; how many of a second were served. */
  private static double load(ExecutorService threads, int port, int rate)
      throws InterruptedException, ExecutionException {
    int clients = rate / 8; // enough that waiting for an answer does not lower the rate
    List<Future<Integer>> running = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      int number = i;
      running.add(threads.submit(() -> client(port, clients, number, rate)));
    }
    int served = 0;
    for (Future<Integer> client : running) {
      served += client.get();
    }
    return served / 3.0;
  }

  private static int client(int port, int clients, int number, int rate) {
    long period = TimeUnit.SECONDS.toNanos(clients) / rate;
    long next = System.nanoTime() + period * number / clients;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
    int served = 0;
    try (RawClient client = RawClient.connect(port)) {
      while (next < end) {
        while (System.nanoTime() < next) {
          LockSupport.parkNanos(next - System.nanoTime());
        }
        client.write(get("/work"));
        served += client.answer().status() == 200 ? 1 : 0;
        next += period;
      }
    }
    return served;
  }
}
