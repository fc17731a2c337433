package dev.storageapi.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a cluster has on disk; all of it belongs to the user that it runs as.
 *
 * @param home a temporary directory: the log, and the data unless they are elsewhere
 * @param data the data directory
 */
record PostgresFiles(PostgresPrograms programs, Path home, Path data) {

  private static final int SHARED_MEMORY_LINE = 6; // counted from 0

  /** Makes the directories, with that of the data on {@code disk} if there is one. */
  static PostgresFiles create(PostgresPrograms programs, Optional<Path> disk) {
    try {
      Path home = programs.give(Files.createTempDirectory("postgres"));
      Path data = Files.createTempDirectory(disk.orElse(home), "data");
      return new PostgresFiles(programs, home, programs.give(data));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path log() {
    return home.resolve("log");
  }

  /** Writes a file that only the cluster's user may change. */
  Path write(String name, String text) {
    try {
      return programs.give(Files.writeString(home.resolve(name), text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The id of the segment of shared memory that a running or killed postmaster has: the last word
   * of its lock file's line 7, as PostgreSQL's {@code miscadmin.h} says.
   */
  Optional<String> sharedMemory() {
    Path lock = data.resolve("postmaster.pid");
    if (!Files.exists(lock)) {
      return Optional.empty();
    }
    try {
      List<String> lines = Files.readAllLines(lock);
      return lines.stream()
          .skip(SHARED_MEMORY_LINE)
          .findFirst()
          .map(line -> line.strip().replaceFirst(".* ", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes all of them that there are. */
  void delete() {
    TemporaryFolder.delete(data);
    TemporaryFolder.delete(home);
  }
}
