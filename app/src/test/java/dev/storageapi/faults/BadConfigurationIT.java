package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Row 32: a configuration that cannot be meant stops the start. */
final class BadConfigurationIT {

  @Test
  void everyProblemIsNamedAtOnce() {
    Map<String, String> environment =
        Map.of(
            "PORT", "http",
            "STORAGE_MAX_BYTES", "1 GB",
            "SERVER_REQUEST_TIMEOUT", "10",
            "SERVER_ACCEPT_CHUNKED", "yes",
            "STORAGE_DELETE_STATUS", "200",
            "STORAGE_MAX_OBJECT", "7",
            "LOG_FORMAT", "xml",
            "READY_REQUIRES", "storage,feed2");
    try (ServiceProcess service = ServiceProcess.with(environment).launch()) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(service.errors()).contains(environment.keySet());
      assertThat(service.errors().lines()).hasSize(environment.size());
      assertThat(service.errors()).doesNotContain("\tat ");
      assertThat(service.lines()).isEmpty();
    }
  }

  @Test
  void settingsThatContradictEachOtherAreNamed() {
    Map<String, String> environment =
        Map.of("STORAGE_MAX_BYTES", "1MiB", "STORAGE_MAX_OBJECT_BYTES", "20MiB");
    try (ServiceProcess service = ServiceProcess.with(environment).launch()) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(service.errors())
          .contains("STORAGE_MAX_OBJECT_BYTES is more than STORAGE_MAX_BYTES")
          .contains("STORAGE_MAX_OBJECT_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
  }

  @Test
  void settingsOfTracesAreNoDifferent() {
    assertRefused("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc");
    assertRefused("OTEL_TRACES_SAMPLER", "sometimes", "sometimes");
    assertRefused("OTEL_BSP_SCHEDULE_DELAY", "soon", "OTEL_BSP_SCHEDULE_DELAY=soon");
    assertRefused("TRACES_FLUSH", "10", "TRACES_FLUSH");
  }

  private static void assertRefused(String name, String value, String words) {
    Map<String, String> environment =
        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", name, value);
    try (ServiceProcess service = ServiceProcess.with(environment).launch()) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(service.errors()).contains(words).doesNotContain("\tat ");
      assertThat(service.errors().lines()).hasSize(1);
    }
  }

  @Test
  void aPortThatIsTakenIsNamed() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(other.getLocalPort());
      for (String setting : new String[] {"PORT", "MANAGEMENT_PORT"}) {
        try (ServiceProcess service = ServiceProcess.with(Map.of(setting, port)).launch()) {
          assertThat(service.exitCode()).isEqualTo(1);
          assertThat(service.errors()).contains("cannot start").contains(port);
          assertThat(service.errors().lines()).hasSize(1);
        }
      }
    }
  }

  @Test
  void anUnknownArgumentIsRefused() {
    try (ServiceProcess service = ServiceProcess.with(Map.of()).arguments("--prot=1").launch()) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(service.errors()).contains("--prot=1").contains("usage:");
    }
  }

  @Test
  void namesThatKubernetesInjectsDoNotStopTheStart() {
    Map<String, String> environment =
        Map.of(
            "STORAGE_API_PORT", "tcp://10.0.0.1:5000",
            "STORAGE_API_SERVICE_HOST", "10.0.0.1",
            "STORAGE_API_SERVICE_PORT", "5000",
            "STORAGE_API_SERVICE_PORT_HTTP", "5000",
            "STORAGE_API_PORT_5000_TCP", "tcp://10.0.0.1:5000",
            "STORAGE_API_PORT_5000_TCP_PROTO", "tcp",
            "STORAGE_API_PORT_5000_TCP_PORT", "5000",
            "STORAGE_API_PORT_5000_TCP_ADDR", "10.0.0.1",
            "LOG_SERVICE_HOST", "10.0.0.2",
            "SERVER_PORT", "tcp://10.0.0.3:80");
    try (ServiceProcess service = ServiceProcess.with(environment).start()) {
      assertThat(service.send("GET", "/health").statusCode()).isEqualTo(200);
    }
  }
}
