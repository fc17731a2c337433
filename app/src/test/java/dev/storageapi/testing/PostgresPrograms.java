package dev.storageapi.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * PostgreSQL's server programs: Debian's newest, which are on no PATH, or else those on the PATH.
 * They refuse to run as root, so root's tests run them as the user {@code postgres}.
 */
final class PostgresPrograms {

  private static final Path DEBIAN = Path.of("/usr/lib/postgresql");
  private static final String USER = "postgres";

  private final Path folder;

  private PostgresPrograms(Path folder) {
    this.folder = folder;
  }

  /** What is in the way of running a server here, if anything. */
  static Optional<String> missing() {
    if (folder().isEmpty()) {
      return Optional.of("PostgreSQL is not installed: Debian's package postgresql");
    }
    if (isRoot() && !Command.run(as(USER, "true")).succeeded()) {
      return Optional.of("PostgreSQL does not run as root: needs the user postgres and setpriv");
    }
    return Optional.empty();
  }

  /** The installed programs. */
  static PostgresPrograms find() {
    return new PostgresPrograms(folder().orElseThrow());
  }

  private static Optional<Path> folder() {
    return Stream.concat(debian(), path())
        .filter(folder -> Files.isExecutable(folder.resolve("initdb")))
        .filter(folder -> Files.isExecutable(folder.resolve("postgres")))
        .findFirst();
  }

  private static Stream<Path> debian() {
    String[] versions = DEBIAN.toFile().list((parent, name) -> name.matches("\\d+(\\.\\d+)?"));
    return versions == null
        ? Stream.empty()
        : Stream.of(versions)
            .sorted(Comparator.comparing(Double::parseDouble).reversed())
            .map(version -> DEBIAN.resolve(version).resolve("bin"));
  }

  private static Stream<Path> path() {
    return Stream.of(System.getenv("PATH").split(Pattern.quote(File.pathSeparator), -1))
        .map(Path::of);
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static List<String> as(String user, String... words) {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups"));
    all.addAll(List.of(words));
    return all;
  }

  /** The words that run a program; its process is the program's own. */
  List<String> command(String program, String... arguments) {
    List<String> words = isRoot() ? as(USER) : new ArrayList<>();
    words.add(folder.resolve(program).toString());
    words.addAll(List.of(arguments));
    return words;
  }

  /** Gives a file or a folder to the user that the programs run as. */
  Path give(Path path) {
    try {
      if (isRoot()) {
        Files.setOwner(
            path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(USER));
      }
      return path;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
