package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ServiceProcess;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The jar's command {@code simulator}, as a process of its own. */
class SimulatorIT {

  @Test
  void itStartsAnswersAndEndsWith0OnSigterm() {
    Map<String, String> environment = Map.of("SIMULATOR_PORT", "0", "SHUTDOWN_QUIET", "0ms");
    try (ServiceProcess simulator =
        ServiceProcess.with(environment).arguments("simulator").start()) {
      assertThat(simulator.send("GET", "/health").statusCode()).isEqualTo(200);
      assertThat(simulator.send("GET", "/documents").body()).startsWith("{\"documents\":[{\"id\":");
      assertThat(simulator.send("PUT", "/mode/failing").statusCode()).isEqualTo(200);
      assertThat(simulator.send("GET", "/documents").statusCode()).isEqualTo(500);
      assertThat(simulator.send("GET", "/runbooks").body()).contains("/runbooks/FeedStale\n");
      assertThat(simulator.send("GET", "/runbooks/FeedStale").body()).startsWith("# FeedStale\n");
      assertThat(simulator.send("GET", "/alerts").body())
          .isEqualTo("{\"alerts\":[],\"watchdog\":null}\n");
      assertThat(simulator.send("GET", "/assets/alerts.css").statusCode()).isEqualTo(200);

      simulator.terminate();

      assertThat(simulator.exitCode()).isZero();
      assertThat(simulator.accessLines()).hasSize(8);
      assertThat(simulator.lines().get(simulator.lines().size() - 1))
          .contains("the simulator has ended");
      assertThat(simulator.errors()).isEmpty();
    }
  }

  @Test
  void aNotificationThatFitsIntoNoBudgetStopsTheStart() {
    Map<String, String> environment = Map.of("SIMULATOR_MAX_NOTIFICATION_BYTES", "17MiB");
    try (ServiceProcess process =
        ServiceProcess.with(environment).arguments("simulator").launch()) {
      assertThat(process.exitCode()).isEqualTo(2);
      assertThat(process.errors())
          .isEqualTo("SIMULATOR_MAX_NOTIFICATION_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
  }

  @ParameterizedTest
  @CsvSource({"simulator, none", "demo, jdbc:h2:file:./data/none"})
  void aDelayThatTheServerWouldCutStopsTheStartWithAllOtherProblems(
      String command, String database) {
    Map<String, String> environment =
        Map.of(
            "PORT", "http",
            "SIMULATOR_DELAY", "10s",
            "SERVER_RESPONSE_TIMEOUT", "10s",
            "DATABASE_URL", database);
    try (ServiceProcess process = ServiceProcess.with(environment).arguments(command).launch()) {
      assertThat(process.exitCode()).isEqualTo(2);
      assertThat(process.errors().lines())
          .hasSize(2)
          .anyMatch(line -> line.startsWith("PORT=http is not valid"))
          .contains("SIMULATOR_DELAY is not less than SERVER_RESPONSE_TIMEOUT");
      assertThat(process.lines()).isEmpty();
    }
  }
}
