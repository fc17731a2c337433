package dev.storageapi.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.SmallDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 26 for H2: its file cannot be had. Its routes are 503, with the reason, until it can be. */
final class H2AwayIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir private Path folder;

  private static ServiceProcess start(Path file, String... more) {
    Map<String, String> settings =
        new HashMap<>(
            Map.of(
                "DATABASE_URL", "jdbc:h2:file:" + file,
                "DATABASE_CHECK_INTERVAL", "100ms",
                "FEED_QUOTA", "1"));
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return ServiceProcess.with(settings).start();
  }

  private static int post(ServiceProcess service) {
    return service.send("POST", "/datasets?name=some").statusCode();
  }

  private static void awaitReady(ServiceProcess service) {
    await()
        .atMost(PATIENCE)
        .until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
  }

  /** Its routes are 503 for a second, check after check, and it is told once why. */
  private static void assertAway(ServiceProcess service, String reason) {
    await()
        .atMost(PATIENCE)
        .until(() -> !service.send("GET", "/ready").body().contains("starting"));
    await()
        .during(Duration.ofSeconds(1))
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(post(service)).isEqualTo(503);
              assertThat(service.send("GET", "/datasets").statusCode()).isEqualTo(503);
              assertThat(service.send("GET", "/ready/datasets").statusCode()).isEqualTo(503);
              assertThat(service.send("GET", "/ready/datasets").body()).contains(reason);
            });
    assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(200);
    assertThat(service.send("PUT", "/api/buckets/1", "some").statusCode()).isEqualTo(200);
    assertThat(lines(service, "WARN"))
        .singleElement()
        .asString()
        .contains("msg=\"the database is away\"", reason);
    assertThat(lines(service, "ERROR")).isEmpty();
  }

  private static List<String> lines(ServiceProcess service, String level) {
    return service.lines().stream().filter(line -> line.contains(" lvl=[" + level + "] ")).toList();
  }

  @Test
  void aFolderThatCannotBeMadeIsTheReason() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    try (ServiceProcess service = start(file.resolve("below/storage"))) {
      assertAway(service, file + "/below/storage");

      Files.delete(file);
      awaitReady(service);
      assertThat(post(service)).isEqualTo(200);
    }
  }

  @Test
  void aFileOfAnotherProcessIsTakenOverWhenThatEnds() {
    Path file = folder.resolve("storage");
    try (ServiceProcess first = start(file)) {
      awaitReady(first);
      assertThat(post(first)).isEqualTo(200);
      // No disk has so much: one that is away for another reason is not full.
      try (ServiceProcess second = start(file, "DATABASE_MIN_FREE_BYTES", "999999GiB")) {
        assertAway(second, "Database may be already in use");
        assertThat(post(first)).isEqualTo(200);

        first.kill();
        awaitReady(second);
        assertThat(second.send("GET", "/datasets/2").statusCode()).isEqualTo(200);
        assertThat(post(second)).isEqualTo(507);
      }
    }
  }

  @Test
  void aFileThatIsNoDatabaseIsLeftAlone() throws IOException {
    Path file = folder.resolve("storage");
    byte[] garbage = "this is no database\n".repeat(5_000).getBytes(US_ASCII);
    Path garbled = Files.write(folder.resolve("storage.mv.db"), garbage);
    try (ServiceProcess service = start(file)) {
      assertAway(service, "corrupt");
      assertThat(garbled).hasBinaryContent(garbage);

      Files.move(garbled, folder.resolve("kept"));
      awaitReady(service);
      assertThat(post(service)).isEqualTo(200);
    }
  }

  @Test
  void aFolderThatIsReadOnlyHasNoNewFile() {
    try (SmallDisk disk = SmallDisk.mount(24 << 20)) {
      disk.makeReadOnly();
      try (ServiceProcess service = start(disk.path().resolve("storage"))) {
        assertAway(service, disk.path().toString());

        disk.makeWritable();
        awaitReady(service);
        assertThat(post(service)).isEqualTo(200);
      }
    }
  }

  @Test
  void aFileThatIsReadOnlyCanBeRead() {
    try (SmallDisk disk = SmallDisk.mount(24 << 20)) {
      Path file = disk.path().resolve("storage");
      try (ServiceProcess service = start(file)) {
        awaitReady(service);
        assertThat(post(service)).isEqualTo(200);
        service.terminate();
        assertThat(service.exitCode()).isZero();
      }
      disk.makeReadOnly();
      try (ServiceProcess service = start(file)) {
        awaitReady(service);
        assertThat(service.send("GET", "/datasets/1").statusCode()).isEqualTo(200);
        assertThat(post(service)).isEqualTo(503);
        assertThat(lines(service, "ERROR")).isEmpty();
      }
    }
  }

  @Test
  void aMigrationThatCannotBeDoneIsToldInOneLineWithItsTraceAtDebug() throws Exception {
    Path file = folder.resolve("storage");
    try (ServiceProcess service = start(file)) {
      awaitReady(service);
      service.terminate();
      assertThat(service.exitCode()).isZero();
    }
    alter(file, "UPDATE \"flyway_schema_history\" SET \"checksum\" = 1 WHERE \"version\" = '1'");
    try (ServiceProcess service = start(file, "LOG_LEVELS", "dev.storageapi.database=debug")) {
      assertAway(
          service,
          "its schema cannot be brought up to date: Validate failed: Migrations have failed"
              + " validation Migration checksum mismatch for migration version 1");
      assertThat(lines(service, "DEBUG"))
          .anyMatch(line -> line.contains("\tat org.flywaydb.") || line.contains("FlywayValidate"));
    }
  }

  private static void alter(Path file, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:h2:file:" + file, "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
