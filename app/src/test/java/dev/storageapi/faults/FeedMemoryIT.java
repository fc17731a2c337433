package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import dev.storageapi.testing.TestUpstream;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 12, where it is a fetch that needs more memory than there is. */
final class FeedMemoryIT {

  @Test
  void aFetchThatRunsOutOfMemoryEndsTheProcess(@TempDir Path folder) {
    try (TestUpstream upstream = TestUpstream.start()) {
      upstream.says("[\"" + "a".repeat(64 << 20) + "\"]");
      try (ServiceProcess service =
          ServiceProcess.with(
                  Simulator.feed(
                      upstream.port(),
                      "jdbc:h2:file:" + folder.resolve("storage"),
                      "FEED_MAX_BODY_BYTES",
                      "256MiB"))
              .jvm("-Xmx40m")
              .start()) {
        assertThat(service.exitCode()).isEqualTo(3);
        assertThat(service.errors()).contains("OutOfMemoryError");
      }
    }
  }
}
