package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Row 31: restarts in a row, on one port. */
final class RestartIT {

  private static final Duration UP = Duration.ofSeconds(2);

  @Test
  void fiveRestartsAreEachUpWithinTwoSeconds() throws IOException {
    restart(5);
  }

  @Test
  @Tag("full")
  void fiftyRestartsAreEachUpWithinTwoSeconds() throws IOException {
    restart(50);
  }

  private static void restart(int times) throws IOException {
    String port = freePort();
    for (int i = 0; i < times; i++) {
      long start = System.nanoTime();
      try (ServiceProcess service =
          ServiceProcess.with(Map.of("PORT", port, "SHUTDOWN_QUIET", "100ms")).start()) {
        assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(200);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(UP);
        if (i % 2 == 0) {
          service.terminate();
          assertThat(service.exitCode()).isZero();
        } // else it is killed
      }
    }
  }

  private static String freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Integer.toString(socket.getLocalPort());
    }
  }
}
