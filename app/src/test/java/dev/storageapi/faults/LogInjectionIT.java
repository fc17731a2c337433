package dev.storageapi.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows 14, 15 and 16: input that would like to be a log line, a request id or a page. */
final class LogInjectionIT {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private static final Pattern PAIR =
      Pattern.compile("([A-Za-z0-9_.-]+)=(\"(?:[^\"\\\\\\p{Cntrl}]|\\\\.)*\"|[^\\s\"=]+)(?: |$)");

  /** Ids that are accepted, since they have no control characters, and logged when deleted. */
  private static final List<String> IDS =
      List.of(
          "a\u2028b",
          "a\u2029b",
          "a\u202eb",
          "a\ufeffb",
          "quote\"quote",
          "back\\slash\\",
          "a=b",
          "x status_code=200 bucket_id=forged",
          "x\" lvl=[ERROR] msg=\"forged",
          "{\"lvl\":\"ERROR\"}",
          "\ud83d\ude00",
          "%0a%1b");

  private enum Format {
    LOGFMT,
    JSON
  }

  private static Map<String, String> parse(String line) {
    return line.startsWith("{") ? json(line) : logfmt(line);
  }

  private static Map<String, String> json(String line) {
    try {
      Map<String, String> values = new LinkedHashMap<>();
      JSON.readTree(line).properties().forEach(e -> values.put(e.getKey(), e.getValue().asText()));
      return values;
    } catch (JsonProcessingException e) {
      throw new AssertionError(line, e);
    }
  }

  private static Map<String, String> logfmt(String line) {
    Map<String, String> values = new LinkedHashMap<>();
    Matcher pair = PAIR.matcher(line);
    int end = 0;
    while (pair.find() && pair.start() == end) {
      String value = pair.group(2);
      if (value.startsWith("\"")) {
        value = json("{\"v\":" + value + "}").get("v");
      }
      assertThat(values.put(pair.group(1), value)).as(line).isNull();
      end = pair.end();
    }
    assertThat(end).as(line).isEqualTo(line.length());
    return values;
  }

  private static List<Map<String, String>> linesAfter(
      ServiceProcess service, int before, int count) {
    await()
        .untilAsserted(
            () -> assertThat(service.lines()).hasSizeGreaterThanOrEqualTo(before + count));
    List<Map<String, String>> lines =
        service.lines().stream().skip(before).map(LogInjectionIT::parse).toList();
    assertThat(lines).hasSize(count);
    return lines;
  }

  @ParameterizedTest
  @EnumSource
  void oneEventIsOneLineAndEveryLineParses(Format format) {
    try (ServiceProcess service =
        ServiceProcess.with(Map.of("LOG_FORMAT", format.name())).start()) {
      int before = service.lines().size();
      for (String id : IDS) {
        String path = "/api/buckets/" + URLEncoder.encode(id, UTF_8).replace("+", "%20");
        assertThat(service.send("PUT", path, "x").statusCode()).isEqualTo(200);
        assertThat(service.send("DELETE", path).statusCode()).isEqualTo(500);
      }
      // two requests and a warning each; a line may come after the next request's
      List<Map<String, String>> lines = linesAfter(service, before, 3 * IDS.size());
      assertThat(lines.stream().map(line -> line.get("bucket_id")).filter(Objects::nonNull))
          .containsExactlyElementsOf(IDS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void rawBytesInTargetsAndHeadersForgeNothing(Format format) {
    List<String> heads =
        List.of(
            "GET /api/buckets/a%0d%0atsp=forged HTTP/1.1\r\nHost: x\r\n",
            "GET /api/buckets/\u00e2\u0080\u00a8 HTTP/1.1\r\nHost: x\r\n",
            "GET /api/buckets/a%22b?x=\"%1b HTTP/1.1\r\nHost: x\r\n",
            "GET /health?'msg=forged' HTTP/1.1\r\nHost: x\r\n",
            "GET /health HTTP/1.1\r\nHost: x\r\nUser-Agent: a\u2028\"b\\ msg=forged\r\n",
            "GET /health HTTP/1.1\r\nHost: x\r\nReferer: \u0085\" lvl=[ERROR]\r\n",
            "GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: x\" msg=\"forged\r\n",
            "G'T /health HTTP/1.1\r\nHost: x\r\n",
            "\"GET\" /health HTTP/1.1\r\nHost: x\r\n",
            "GET\33[31m /health HTTP/1.1\r\nHost: x\r\n");
    try (ServiceProcess service =
        ServiceProcess.with(Map.of("LOG_FORMAT", format.name())).start()) {
      int before = service.lines().size();
      int answers = 0;
      for (String head : heads) {
        try (RawClient client = RawClient.connect(service.port())) {
          client.write(head + "Connection: close\r\n\r\n");
          answers += client.answersUntilClosed(Duration.ofSeconds(5)).size();
        }
      }
      assertThat(answers).isEqualTo(heads.size());
      service.send("GET", "/info");
      service.awaitRequests(1, "/info");
      List<Map<String, String>> lines = linesAfter(service, before, answers + 1);
      assertThat(lines)
          .extracting(line -> line.get("msg"))
          .containsOnly("request", "refused by the JDK's server before any filter");
      assertThat(lines).extracting(line -> line.get("lvl")).isSubsetOf("INFO", "[INFO]");
    }
  }

  @Test
  void whatTheJdkRefusesIsLoggedWithItsStatusAndNotWithTheClients() {
    try (ServiceProcess service = ServiceProcess.start();
        RawClient client = RawClient.connect(service.port())) {
      client.write("GET x [500 y] (forged) HTTP/1.1\r\nHost: x\r\n\r\n");
      int status = client.answer().status();

      await().until(() -> service.lines().stream().anyMatch(line -> line.contains("refused by")));
      assertThat(service.lines())
          .filteredOn(line -> line.contains("refused by"))
          .singleElement()
          .asString()
          .contains("status_code=" + status)
          .doesNotContain("status_code=500");
    }
  }

  @Test
  void aRequestIdOfTheWrongFormIsReplaced() {
    List<String> wrong =
        List.of(
            "short",
            "has space in it",
            "has\"quote",
            "has=equals",
            "caf\u00e9-1234",
            "a".repeat(65));
    try (ServiceProcess service = ServiceProcess.start();
        RawClient client = RawClient.connect(service.port())) {
      for (String id : wrong) {
        client.write("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + id + "\r\n\r\n");
        Answer answer = client.answer();
        assertThat(answer.header("X-Request-ID")).matches("[0-9a-f]{32}");
        assertThat(service.awaitRequests(1, "request_id=" + answer.header("X-Request-ID")))
            .hasSize(1);
      }
      client.write("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: Abcd-1234\r\n\r\n");
      assertThat(client.answer().header("X-Request-ID")).isEqualTo("Abcd-1234");
      String large = "a".repeat(17_000);
      client.write("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + large + "\r\n\r\n");
      assertThat(client.answer().status()).isEqualTo(431);
    }
  }

  @Test
  void aStoredPageIsNeverServedAsOne() {
    Map<String, String> pages =
        Map.of(
            "text/html", "<script>alert(1)</script>",
            "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>");
    try (ServiceProcess service = ServiceProcess.start()) {
      pages.forEach(
          (type, page) -> {
            service.send(
                HttpRequest.newBuilder(service.uri("/api/buckets/page"))
                    .header("Content-Type", type)
                    .PUT(BodyPublishers.ofString(page))
                    .build());
            HttpResponse<String> answer =
                service.send(
                    HttpRequest.newBuilder(service.uri("/api/buckets/page"))
                        .header("Accept", type)
                        .build());
            assertThat(answer.body()).isEqualTo(page);
            assertThat(answer.headers().allValues("Content-Type"))
                .containsExactly("application/octet-stream");
            assertThat(answer.headers().allValues("X-Content-Type-Options"))
                .containsExactly("nosniff");
          });
    }
  }

  @Test
  void everyPageHasAPolicyWithoutInlineScriptAndNeedsNone() {
    try (ServiceProcess service = ServiceProcess.start()) {
      List<String> seen = new ArrayList<>();
      Stream.of("/", "/docs", "/docs/the-500s")
          .forEach(
              path -> {
                HttpResponse<String> page =
                    service.send(
                        HttpRequest.newBuilder(service.uri(path))
                            .header("Accept", "text/html")
                            .build());
                assertThat(page.headers().firstValue("Content-Type").orElseThrow())
                    .startsWith("text/html");
                String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
                assertThat(policy).contains("default-src 'none'").doesNotContain("unsafe-eval");
                assertThat(policy.replaceAll("style-src[^;]*", "")).doesNotContain("unsafe-inline");
                assertThat(page.body()).doesNotContainPattern("<script(?![^>]*\\bsrc=)");
                assertThat(page.body()).doesNotContainPattern("(?i)<[^>]+\\son[a-z]+\\s*=");
                assertThat(page.body()).doesNotContainPattern("src=\"(https?:)?//");
                seen.add(path);
              });
      assertThat(seen).hasSize(3);
    }
  }
}
