package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.ServiceProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Row 13: no input makes a series. */
final class CardinalityIT {

  private static final int CONNECTIONS = 4;
  private static final int REQUESTS = 100_000;
  private static final int WARM_UP = 8_000;
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE");

  @Test
  void aHundredThousandRandomRequestsAddNoSeries() throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS);
    try (ServiceProcess service =
        ServiceProcess.with(Map.of("LOG_LEVELS", "dev.storageapi.telemetry.AccessLog=WARN"))
            .start()) {
      send(threads, service.port(), WARM_UP, 0); // each kind of request has come by once
      assertThat(series(service)).isNotEmpty(); // and a scrape, too
      Set<Scrape.Series> before = series(service);
      double requests = service.scrape().sum("http_requests_total");
      send(threads, service.port(), REQUESTS, CONNECTIONS);
      Set<Scrape.Series> added = series(service);
      int count = added.size();
      added.removeAll(before);
      assertThat(added).isEmpty();
      assertThat(count).isEqualTo(before.size());
      assertThat(service.scrape().sum("http_requests_total") - requests)
          .isBetween((double) REQUESTS, REQUESTS + 5.0); // and the scrapes
    } finally {
      threads.shutdownNow();
    }
  }

  /** The series of our own; those of the JVM come with its garbage collectors and threads. */
  private static Set<Scrape.Series> series(ServiceProcess service) {
    return service.scrape().series().stream()
        .filter(s -> !s.name().startsWith("jvm_"))
        .collect(Collectors.toSet());
  }

  private static void send(ExecutorService threads, int port, int requests, int seed)
      throws InterruptedException, ExecutionException {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      Random random = new Random(seed + i);
      running.add(threads.submit(() -> send(port, requests / CONNECTIONS, random)));
    }
    for (Future<?> client : running) {
      client.get();
    }
  }

  private static void send(int port, int requests, Random random) {
    try (RawClient client = RawClient.connect(port)) {
      for (int i = 0; i < requests; i++) {
        String method = method(random);
        client.write(
            method + " " + target(random) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        if (method.equals("HEAD")) {
          client.answerToHead();
        } else {
          client.answer();
        }
      }
    }
  }

  private static String method(Random random) {
    return random.nextInt(3) == 0
        ? "M" + Integer.toUnsignedString(random.nextInt(), 36).toUpperCase(java.util.Locale.ROOT)
        : METHODS.get(random.nextInt(METHODS.size()));
  }

  private static String target(Random random) {
    String word = Long.toUnsignedString(random.nextLong(), 36);
    return switch (random.nextInt(6)) {
      case 0, 1 -> "/api/buckets/" + word;
      case 2 -> "/" + word + "?" + word;
      case 3 -> "/ready/" + word;
      case 4 -> "/assets/" + word;
      default -> "/api/%00/" + word;
    };
  }
}
