package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Row 28: nobody reads standard output. */
@Tag("jdk")
final class BlockedOutputIT {

  private static final Duration SLOW = Duration.ofSeconds(1);

  @Test
  void aBlockedOutputDelaysNoRequestAndEveryLineIsWrittenOrCounted() {
    try (ServiceProcess service = ServiceProcess.with(Map.of("LOG_QUEUE_BYTES", "256KiB")).start();
        RawClient client = RawClient.connect(service.port())) {
      Watch watch = Watch.withBaseline(service);
      service.pauseOutput();
      for (int i = 0; i < 3_000; i++) {
        long start = System.nanoTime();
        client.write("GET /api/buckets/none HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer(SLOW).status()).isEqualTo(404);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SLOW);
      }
      double dropped = dropped(service.scrape());
      assertThat(dropped).isGreaterThan(1_000);
      service.resumeOutput();
      await().until(() -> service.accessLines().size() > 500);
      await()
          .untilAsserted(
              () -> {
                Scrape scrape = service.scrape();
                double before = scrape.sum("http_requests_total");
                assertThat(service.awaitRequests(1, "/metrics")).isNotEmpty();
                assertThat(service.accessLines().size() + dropped(scrape)).isEqualTo(before + 1);
              });
      assertThat(service.lines())
          .anyMatch(line -> line.contains("msg=\"log events dropped\" count="));
      watch.assertBackAtBaseline();
    }
  }

  @Test
  void aBlockedOutputDoesNotKeepTheServiceFromEnding() {
    try (ServiceProcess service = ServiceProcess.with(Map.of("LOG_QUEUE_BYTES", "256KiB")).start();
        RawClient client = RawClient.connect(service.port())) {
      service.pauseOutput();
      for (int i = 0; i < 1_500; i++) {
        client.write("GET /api/buckets/none HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer(SLOW).status()).isEqualTo(404);
      }
      service.terminate();
      await().atMost(Duration.ofSeconds(8)).until(() -> !service.isAlive());
      service.resumeOutput();
      assertThat(service.exitCode()).isZero();
    }
  }

  private static double dropped(Scrape scrape) {
    return scrape.sum("telemetry_dropped_total", "signal", "logs");
  }
}
