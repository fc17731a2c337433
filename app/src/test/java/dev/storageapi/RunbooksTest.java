package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulator serves {@code docs/runbooks}, and nothing else of the disk or the jar. */
class RunbooksTest {

  private static final Path FOLDER = Path.of("../docs/runbooks");

  private final RunningSimulator simulator = RunningSimulator.with();

  @AfterEach
  void close() {
    simulator.close();
  }

  private static List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".md"))
          .map(file -> file.substring(0, file.length() - 3))
          .sorted()
          .toList();
    }
  }

  @Test
  void eachIsServedAsItIsWritten() throws IOException {
    assertThat(names()).contains("FeedStale");
    for (String name : names()) {
      HttpResponse<byte[]> answer = simulator.get("/runbooks/" + name);

      assertThat(answer.statusCode()).as(name).isEqualTo(200);
      assertThat(header(answer, "Content-Type")).isEqualTo("text/plain; charset=utf-8");
      assertThat(answer.body()).isEqualTo(Files.readAllBytes(FOLDER.resolve(name + ".md")));
    }
  }

  @Test
  void allAreListed() throws IOException {
    assertThat(body(simulator.get("/runbooks")).lines())
        .containsExactlyElementsOf(names().stream().map(name -> "/runbooks/" + name).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "NoSuchAlert",
        "feedstale",
        "FeedStale.md",
        "FeedStale%00",
        "FeedStale%2f",
        "..",
        "%2e%2e",
        "..%2fMode.class",
        "..%2f..%2fMain.class",
        "../../README.md",
        "%2e%2e/%2e%2e/README.md",
        "..%5c..%5cREADME",
        "%2fetc%2fpasswd",
        "file:%2f%2f%2fetc%2fpasswd"
      })
  void nothingElseIsServed(String name) {
    try (RawClient client = RawClient.connect(simulator.port())) {
      client.write("GET /runbooks/" + name + " HTTP/1.1\r\nHost: x\r\n\r\n");

      assertThat(client.answer().status()).isIn(400, 404);
    }
  }
}
