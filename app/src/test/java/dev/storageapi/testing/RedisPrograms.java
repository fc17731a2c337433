package dev.storageapi.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The programs of Valkey, or else those of Redis, on the PATH.
 *
 * @param server which is a sentinel as well
 * @param client for the command line
 */
record RedisPrograms(Path server, Path client) {

  /** What is in the way of running a server here, if anything. */
  static Optional<String> missing() {
    return installed().isPresent()
        ? Optional.empty()
        : Optional.of("neither Valkey nor Redis is installed: Debian's package redis-server");
  }

  /** The installed ones. */
  static RedisPrograms find() {
    return installed().orElseThrow();
  }

  private static Optional<RedisPrograms> installed() {
    return Stream.of("valkey", "redis").flatMap(name -> named(name).stream()).findFirst();
  }

  private static Optional<RedisPrograms> named(String name) {
    return path(name + "-server")
        .flatMap(server -> path(name + "-cli").map(client -> new RedisPrograms(server, client)));
  }

  private static Optional<Path> path(String program) {
    return Stream.of(System.getenv("PATH").split(Pattern.quote(File.pathSeparator), -1))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
