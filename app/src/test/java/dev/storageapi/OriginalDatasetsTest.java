package dev.storageapi;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.storageapi.testing.RawClient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The datasets answer as FastAPI does: status, content type and JSON, the order of its fields
 * included. What it answers was recorded by {@code src/test/original/record.py}, which says what
 * was left out and why; the targets are sent as they stand there.
 */
class OriginalDatasetsTest {

  /** Code points of an input that a 422 repeats; the original repeats all of it. */
  private static final int MAX_ECHO = 100;

  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"original-datasets.json", "original-forms.json"})
  void everyRequestIsAnsweredAsTheOriginalDoes(String recording) throws IOException {
    JsonNode exchanges = read(recording);
    assertThat(exchanges).isNotEmpty();
    try (RunningApp app = onAnEmptyDatabase()) {
      SoftAssertions all = new SoftAssertions();
      for (JsonNode exchange : exchanges) {
        RawClient.Answer answer = send(app.app.port(), exchange);
        all.assertThat(seen(answer))
            .as("%s %s", exchange.get("method").asText(), exchange.get("target").asText())
            .isEqualTo(expected(exchange));
      }
      all.assertAll();
    }
  }

  private RunningApp onAnEmptyDatabase() {
    return RunningApp.withDatabase(
        folder,
        "DATASETS_RETICULATE_CPU",
        "0ms",
        "DATASETS_RETICULATE_MEMORY",
        "1MiB",
        "DATASETS_RETICULATE_PAUSE",
        "0ms");
  }

  private static JsonNode read(String recording) throws IOException {
    try (InputStream in = OriginalDatasetsTest.class.getResourceAsStream(recording)) {
      return JSON.readTree(in);
    }
  }

  private static RawClient.Answer send(int port, JsonNode exchange) {
    String body = exchange.path("request_body").asText();
    StringBuilder request = new StringBuilder();
    request.append(exchange.get("method").asText()).append(' ');
    request.append(exchange.get("target").asText()).append(" HTTP/1.1\r\n");
    request.append("Host: localhost\r\nConnection: close\r\n");
    exchange
        .path("headers")
        .properties()
        .forEach(h -> request.append(h.getKey() + ": " + h.getValue().asText() + "\r\n"));
    request.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
    try (RawClient client = RawClient.connect(port)) {
      client.write(request.toString());
      return client.answer();
    }
  }

  private static String seen(RawClient.Answer answer) {
    byte[] body = answer.body().getBytes(ISO_8859_1); // as RawClient reads them
    return line(answer.status(), answer.header("Content-Type"), json(new String(body, UTF_8)));
  }

  private static String expected(JsonNode exchange) {
    JsonNode body = exchange.get("body");
    body.path("detail").forEach(OriginalDatasetsTest::cutEcho);
    return line(
        exchange.get("status").asInt(), exchange.get("content_type").asText(), body.toString());
  }

  private static void cutEcho(JsonNode error) {
    String input = error.path("input").asText();
    if (input.codePointCount(0, input.length()) > MAX_ECHO) {
      ((ObjectNode) error).put("input", input.substring(0, input.offsetByCodePoints(0, MAX_ECHO)));
    }
  }

  private static String line(int status, String contentType, String body) {
    return status + " " + contentType + " " + body;
  }

  /** JSON with its spaces gone; what is none, as it is. */
  private static String json(String body) {
    try {
      return JSON.readTree(body).toString();
    } catch (IOException e) {
      return body;
    }
  }
}
