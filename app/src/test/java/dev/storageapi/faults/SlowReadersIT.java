package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Row 2: slow readers of large answers, in a small heap. */
@Tag("jdk")
final class SlowReadersIT {

  private static final String SMALL_HEAP = "-Xmx64m";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int DATASETS = 4_000; // 4 MB: more than buffers hold
  private static final int REFUSED = 40;
  private static final int OBJECTS_FIT = 4; // of 4 MiB
  private static final int FIT = 85; // into 16 MiB, of 192 KiB each

  private static String manyLongNames() throws SQLException {
    String url = PostgresCluster.shared().freshDatabase();
    try (ServiceProcess migrating = ServiceProcess.with(Map.of("DATABASE_URL", url)).start()) {
      awaitDatabase(migrating);
    }
    try (Connection connection = PostgresCluster.connect(url);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO datasets (name) SELECT repeat(U&'\\+01F600', 255) FROM generate_series(1, "
              + DATASETS
              + ")");
    }
    return url;
  }

  private static void awaitDatabase(ServiceProcess service) {
    await()
        .atMost(PATIENCE)
        .until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
  }

  private static double held(Scrape scrape) {
    return scrape.value("http_requests_in_flight") - 1; // itself
  }

  private static double heldOrAnswered(Scrape scrape) {
    return held(scrape) + scrape.sum("http_requests_total", "path", "/datasets", "method", "GET");
  }

  private static double rejected(Scrape scrape) {
    return scrape.value("http_requests_rejected_total", "reason", "answer_budget");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/datasets", "/datasets?limit=10000"})
  void theyHoldLittleEachAndAreTurnedAwayWhenTheyAreTooMany(String target) throws SQLException {
    try (ServiceProcess service =
        ServiceProcess.with(
                Map.of(
                    "DATABASE_URL", manyLongNames(),
                    "DATABASE_POOL_SIZE", "2", // a larger one would open files as it is used
                    "DATASETS_MAX_PAGE", "10000",
                    "SERVER_RESPONSE_TIMEOUT", "120s"))
            .jvm(SMALL_HEAP)
            .start()) {
      awaitDatabase(service);
      Watch watch = Watch.withBaseline(service);
      List<RawClient> readers = new ArrayList<>();
      while (rejected(service.scrape()) < REFUSED) { // one by one: the database refuses, too
        RawClient reader = RawClient.connect(service.port(), 4096);
        reader.write("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
        readers.add(reader);
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(5))
            .until(() -> heldOrAnswered(service.scrape()) == readers.size());
      }
      await() // the last one is refused before it is answered
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(held(service.scrape())).isEqualTo(FIT));
      HttpResponse<String> refused = service.send("GET", target);

      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      assertThat(service.send("GET", "/datasets/1").statusCode()).isEqualTo(200);
      readers.forEach(RawClient::close);
      watch.assertSeen(FIT, "/datasets", "GET", 499);
      watch.assertSeen(readers.size() - FIT + 1, "/datasets", "GET", 503);
      assertThat(rejected(service.scrape())).isEqualTo(REFUSED + 1);
      assertThat(service.send("GET", target).body()).endsWith("}]\n");
      watch.assertBackAtBaseline();
      assertThat(service.errors()).isEmpty();
    }
  }

  @Test
  void ofASharedStoreTheyHoldNoMoreThanTheBudget() {
    String large = "a".repeat(4 << 20);
    try (RedisServer redis = RedisServer.start();
        ServiceProcess service =
            ServiceProcess.with(
                    Map.of(
                        "STORAGE_URL", redis.url(),
                        "STORAGE_TIMEOUT", "5s",
                        "STORAGE_POOL_SIZE", "2",
                        "SERVER_RESPONSE_TIMEOUT", "120s"))
                .jvm(SMALL_HEAP)
                .start()) {
      await()
          .atMost(PATIENCE)
          .until(() -> service.send("PUT", "/api/buckets/large", large).statusCode() == 200);
      Watch watch = Watch.withBaseline(service);
      List<RawClient> readers = new ArrayList<>();
      for (int i = 0; i < OBJECTS_FIT; i++) {
        RawClient reader = RawClient.connect(service.port(), 4096);
        reader.write("GET /api/buckets/large HTTP/1.1\r\nHost: x\r\n\r\n");
        readers.add(reader);
        await().atMost(PATIENCE).until(() -> held(service.scrape()) == readers.size());
      }
      for (int i = 0; i < REFUSED; i++) {
        HttpResponse<String> refused = service.send("GET", "/api/buckets/large");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      }
      assertThat(rejected(service.scrape())).isEqualTo(REFUSED);
      assertThat(service.send("PUT", "/api/buckets/small", "x").statusCode()).isEqualTo(200);
      readers.forEach(RawClient::close);
      watch.assertSeen(OBJECTS_FIT, "/api/buckets/{id}", "GET", 499);
      assertThat(service.send("GET", "/api/buckets/large").body()).isEqualTo(large);
      assertThat(service.errors()).isEmpty();
    }
  }

  @Test
  void aKeptConnectionHoldsNothingOfTheLargeAnswersThatItServed() {
    String large = "a".repeat(4 << 20);
    try (ServiceProcess service = ServiceProcess.with(Map.of()).jvm(SMALL_HEAP).start()) {
      service.send("PUT", "/api/buckets/large", large);
      Watch watch = Watch.withBaseline(service);
      List<RawClient> kept = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        RawClient client = RawClient.connect(service.port());
        client.write("GET /api/buckets/large HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer().body()).isEqualTo(large);
        kept.add(client);
      }
      watch.assertSeen(20, "/api/buckets/{id}", "GET", 200);
      assertThat(service.send("GET", "/api/buckets/large").body()).isEqualTo(large);
      watch.assertHeapBackAtBaseline();
      for (RawClient client : kept) {
        client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(200); // it is open still
        client.close();
      }
      watch.assertBackAtBaseline();
    }
  }
}
