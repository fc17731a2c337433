package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code DATABASE_URL=none}, seen from outside of the process: no file and no thread of its own.
 */
class NoDatabaseIT {

  @TempDir private Path folder;

  @Test
  void thereIsNoFileAndNoThreadOfADatabase() throws IOException {
    try (ServiceProcess service = ServiceProcess.with(Map.of("DATABASE_URL", "none")).start()) {
      assertThat(service.send("GET", "/datasets").statusCode()).isEqualTo(404);
      assertThat(threads(service)).contains("java").noneMatch(this::isOfADatabase);
      assertThat(files(service)).isNotEmpty().noneMatch(file -> file.endsWith(".mv.db"));
    }
  }

  @Test
  void withADatabaseThereAre() throws IOException {
    String url = "jdbc:h2:file:" + folder.resolve("storage");
    try (ServiceProcess service = ServiceProcess.with(Map.of("DATABASE_URL", url)).start()) {
      await().until(() -> service.send("GET", "/datasets").statusCode() == 200);
      assertThat(threads(service)).anyMatch(this::isOfADatabase);
      assertThat(files(service)).contains(folder.resolve("storage.mv.db").toString());
    }
  }

  private boolean isOfADatabase(String thread) {
    return thread.matches("database.*|H2 .*|MVStore.*|Hikari.*|reticulation");
  }

  /** The names of the threads as the system knows them, which are the first 15 characters. */
  private static List<String> threads(ServiceProcess service) throws IOException {
    List<String> names = new ArrayList<>();
    for (Path thread : entries(service, "task")) {
      try {
        names.add(Files.readString(thread.resolve("comm")).strip());
      } catch (NoSuchFileException e) {
        // it ended while the others were read
      }
    }
    return names;
  }

  private static List<String> files(ServiceProcess service) throws IOException {
    List<String> files = new ArrayList<>();
    for (Path file : entries(service, "fd")) {
      files.add(Files.readSymbolicLink(file).toString());
    }
    return files;
  }

  private static List<Path> entries(ServiceProcess service, String what) throws IOException {
    try (var entries = Files.list(Path.of("/proc", Long.toString(service.pid()), what))) {
      return entries.toList();
    }
  }
}
