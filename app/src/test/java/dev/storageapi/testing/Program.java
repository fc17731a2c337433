package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A program of the monitoring stack as a process. Who has not got it skips the test. */
public final class Program implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration END = Duration.ofSeconds(30);

  private final Process process;
  private final Path log;

  private Program(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Where a program is on the PATH; without it the test that asks is skipped. */
  public static Path find(String name) {
    Optional<Path> found =
        Stream.of(System.getenv("PATH").split(Pattern.quote(File.pathSeparator), -1))
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), "skipped: needs " + name + " on the PATH");
    return found.orElseThrow();
  }

  /** Starts a program; what it writes goes into a file of that folder. */
  static Program start(Path folder, String name, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(find(name).toString()));
    command.addAll(arguments);
    Path log = folder.resolve(name + ".log");
    try {
      return new Program(
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start(),
          log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it answers 200 there; ends it if it does not. */
  Program awaitAnswer(URI uri) {
    HttpRequest request = HttpRequest.newBuilder(uri).build();
    try {
      await()
          .atMost(START)
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  assertThat(
                          HttpClient.newHttpClient()
                              .send(request, BodyHandlers.discarding())
                              .statusCode())
                      .as(Files.readString(log))
                      .isEqualTo(200));
      return this;
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** SIGTERM, and waits for the end; what is not over then is killed. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
