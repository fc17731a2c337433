package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.TraceBackend;
import dev.storageapi.testing.TraceBackend.Mode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rows 29 and 30: spans that wait when the process is told to end. */
@Tag("jdk")
final class TracesAtTheEndIT {

  private static final int REQUESTS = 200;

  private static ServiceProcess start(TraceBackend backend, String flush) {
    return ServiceProcess.with(
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", backend.url(),
                "OTEL_BSP_SCHEDULE_DELAY", "60000",
                "OTEL_TRACES_SAMPLER", "", // as Compose leaves what nobody has set
                "OTEL_EXPORTER_OTLP_PROTOCOL", "",
                "OTEL_SERVICE_NAME", "",
                "SHUTDOWN_QUIET", "0ms",
                "TRACES_FLUSH", flush))
        .start();
  }

  private static void request(ServiceProcess service) {
    for (int i = 0; i < REQUESTS; i++) {
      assertThat(service.send("GET", "/api/buckets/absent").statusCode()).isEqualTo(404);
    }
  }

  private static List<String> lines(ServiceProcess service, String text) {
    return service.lines().stream().filter(line -> line.contains(text)).toList();
  }

  @Test
  void theyAreSent() {
    try (TraceBackend backend = TraceBackend.start();
        ServiceProcess service = start(backend, "3s")) {
      request(service);
      assertThat(backend.spans()).isEmpty();
      service.terminate();

      assertThat(service.exitCode()).isZero();
      assertThat(backend.spans()).hasSize(REQUESTS);
      assertThat(backend.spans().get(0).resource())
          .containsEntry("service.name", "storage-api")
          .containsEntry("service.version", "1.0.0");
      assertThat(lines(service, "spans dropped")).isEmpty();
      assertThat(service.errors()).isEmpty();
    }
  }

  @Test
  void aBackEndThatDoesNotAnswerHoldsNobodyUpAndTheLossIsLogged() {
    try (TraceBackend backend = TraceBackend.start().is(Mode.BLACK_HOLE);
        ServiceProcess service = start(backend, "1s")) {
      request(service);
      long start = System.nanoTime();
      service.terminate();

      assertThat(service.exitCode()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(lines(service, "spans dropped"))
          .singleElement()
          .asString()
          .contains("lvl=[WARN]", "count=" + REQUESTS);
      assertThat(lines(service, "has ended")).hasSize(1);
      assertThat(service.errors()).isEmpty();
    }
  }
}
