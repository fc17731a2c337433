package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Row 9: methods that there are not, and targets that servers read differently. */
@Tag("jdk")
final class HostileTargetsIT {

  private static final Duration SOON = Duration.ofSeconds(5);

  private static ServiceProcess service;
  private final Watch watch = Watch.of(service);

  @BeforeAll
  static void start() {
    service = ServiceProcess.start();
  }

  @AfterAll
  static void end() {
    service.close();
  }

  private static Answer answer(String requestLine) {
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(requestLine + "\r\nHost: x\r\nConnection: close\r\n\r\n");
      List<Answer> answers = client.answersUntilClosed(SOON);
      assertThat(answers).hasSize(1);
      return answers.get(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"FOO", "get", "PROPFIND", "M-SEARCH", "x!#$%&'*+-.^_`|~9"})
  void anUnknownMethodIs405WithOneLabelForAll(String method) {
    Answer answer = answer(method + " /api/buckets/a HTTP/1.1");
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.header("Allow")).isEqualTo("DELETE, GET, PUT, HEAD, OPTIONS");
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.body()).doesNotContain(method);
    await()
        .untilAsserted(
            () ->
                assertThat(
                        watch.grown(
                            "http_requests_total",
                            "path",
                            "/api/buckets/{id}",
                            "method",
                            "_OTHER",
                            "status",
                            "405"))
                    .isEqualTo(1));
    await()
        .untilAsserted(
            () ->
                assertThat(watch.lines())
                    .filteredOn(line -> line.contains("status_code=405"))
                    .hasSize(1));
  }

  @Test
  void aKnownMethodThatAPathLacksKeepsItsName() {
    assertThat(answer("TRACE /health HTTP/1.1").status()).isEqualTo(405);
    watch.assertSeen(1, "/health", "TRACE", 405);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api//buckets/a",
        "/api/buckets//a",
        "/api/../health",
        "/./health",
        "/api/buckets/..",
        "/api/%2e%2e/health",
        "/api/buckets/a%2Fb",
        "/api/buckets/a%2fb",
        "/api/buckets/a%00",
        "/api/buckets/%0a",
        "/api/buckets/%ff",
        "/api/buckets/%c0%af",
        "/api/buckets/%ed%a0%80",
        "/api/buckets/\u00ff",
        "/health#x",
        "ftp://h/health",
        "http:/health",
      })
  void aTargetThatServersReadDifferentlyIs400(String target) {
    Answer answer = answer("GET " + target + " HTTP/1.1");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    watch.assertSeen(1, "unmatched", "GET", 400);
  }

  /** Refused by us or, on newer versions of 17, by the JDK before us. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "//h/health",
        "///health",
        "////health",
        "/%zz",
        "/\\health",
        "/health?%zz",
        "/<health>"
      })
  void aTargetThatMayNotReachUsIs400AllTheSame(String target) {
    assertThat(answer("GET " + target + " HTTP/1.1").status()).isEqualTo(400);
  }

  /** Without a path that begins with a slash the JDK finds no context, so it answers by itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET * HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET health HTTP/1.1",
        "GET http://h HTTP/1.1"
      })
  void aTargetWithoutAPathIsRefusedByTheJdk(String line) {
    assertThat(answer(line).status()).isEqualTo(404);
    assertThat(watch.grown("http_requests_rejected_total", "reason", "unparseable")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CONNECT h:80 HTTP/1.1", "GET h:80 HTTP/1.1"})
  void theAuthorityFormIsClosed(String line) {
    Watch all = Watch.withBaseline(service);
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(line + "\r\nHost: x\r\n\r\n");
      assertThat(client.readUntilClosed(SOON)).isEmpty();
      assertThat(client.isClosed()).isTrue();
    }
    all.assertBackAtBaseline();
  }

  @Test
  void theAbsoluteFormIsRoutedByItsPath() {
    assertThat(answer("GET http://h/health HTTP/1.1").status()).isEqualTo(200);
    assertThat(answer("GET HTTPS://h/metricsfoo HTTP/1.1").status()).isEqualTo(404);
  }

  @Test
  void aPathThatOnlyBeginsLikeARouteIsNone() {
    assertThat(answer("GET /healthfoo HTTP/1.1").status()).isEqualTo(404);
    assertThat(answer("GET /health/ HTTP/1.1").status()).isEqualTo(404);
    assertThat(answer("GET /Health HTTP/1.1").status()).isEqualTo(404);
    watch.assertSeen(3, "unmatched", "GET", 404);
  }

  @Test
  void anIdIsDecodedOnce() {
    assertThat(service.send("PUT", "/api/buckets/%25%32%46", "x").statusCode()).isEqualTo(200);
    assertThat(service.send("GET", "/api/buckets/%252F").body()).isEqualTo("x");
    assertThat(service.send("DELETE", "/api/buckets/%252F").statusCode()).isEqualTo(500);
  }
}
