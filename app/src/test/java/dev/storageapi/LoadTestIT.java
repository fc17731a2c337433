package dev.storageapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code scripts/load_test.sh} against the jar: when it is content, and when it must not be. */
class LoadTestIT {

  private static final int NOT_FOUND = 127;

  private record Run(int exitCode, String output) {}

  private static Run run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Run(process.waitFor(), output);
  }

  private static Run loadTest(ServiceProcess service, String... more)
      throws IOException, InterruptedException {
    assumeThat(run(List.of("/bin/sh", "-c", "python3 --version || exit 127")).exitCode())
        .as("there is no python3")
        .isNotEqualTo(NOT_FOUND);
    List<String> command =
        new ArrayList<>(
            List.of("../scripts/load_test.sh", "-u", service.uri("").toString(), "-r", "40"));
    command.addAll(List.of("-d", "1"));
    command.addAll(List.of(more));
    return run(command);
  }

  private static ServiceProcess withModel() {
    ServiceProcess service = ServiceProcess.withModel(Map.of()).start();
    await().until(() -> service.send("GET", "/ready/inference").statusCode() == 200);
    return service;
  }

  @Test
  void clientAndServiceCountTheSame() throws IOException, InterruptedException {
    try (ServiceProcess service = withModel()) {
      Run run = loadTest(service);

      assertThat(run.output())
          .contains("40 answers in ", "the 200s took, in ms: p50 ", "40 runs of the model")
          .containsPattern("status 200 +40 +40\n")
          .containsPattern("predictions +40 +40\n")
          .endsWith("equal\n")
          .doesNotContain("NOT equal");
      assertThat(run.exitCode()).isZero();
    }
  }

  @Test
  void whatIsTurnedDownIsCountedByStatusAndReason() throws IOException, InterruptedException {
    try (ServiceProcess service = withModel()) {
      Run run = loadTest(service, "../docs/images/digit.png", "../README.md");

      assertThat(run.output())
          .containsPattern("status 200 +20 +20\n")
          .containsPattern("status 400 +20 +20\n")
          .contains("model_inference_errors_total, not_an_image: 20\n");
      assertThat(run.exitCode()).isZero();
    }
  }

  @Test
  void itFailsWhereTheServiceCountedSomethingElse() throws IOException, InterruptedException {
    try (ServiceProcess service = withModel();
        ServiceProcess other = withModel()) {
      Run run = loadTest(service, "-m", other.uri("/metrics").toString());

      assertThat(run.output()).containsPattern("status 200 +40 +0\n").contains("NOT equal");
      assertThat(run.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void itFailsWhereNothingIsPredicted() throws IOException, InterruptedException {
    try (ServiceProcess service = ServiceProcess.start()) {
      Run run = loadTest(service);

      assertThat(run.output()).contains("no answer was 200");
      assertThat(run.exitCode()).isEqualTo(1);
    }
  }
}
