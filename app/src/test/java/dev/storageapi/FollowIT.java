package dev.storageapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.AccessLine;
import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Exemplar;
import dev.storageapi.testing.Form;
import dev.storageapi.testing.Jaeger;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Simulator;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One id through metrics, traces and logs, followed by a program in each direction: the service and
 * the simulator that it fetches from, both traced, in a real Jaeger.
 */
class FollowIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String SERVICE = "storage-api";
  private static final String OTHER = "storage-api-simulator";

  /** To the microsecond: Jaeger cuts what is behind it, the log rounds it. */
  private static final long ROUNDING = 1;

  private static Jaeger jaeger;
  private static Simulator simulator;
  private static ServiceProcess service;

  @TempDir private static Path folder;

  /** Once, but not before all: what a class skips for is told by nobody. */
  @BeforeEach
  void startOnce() {
    if (jaeger == null) {
      start();
    }
  }

  private static void start() {
    jaeger = Jaeger.start(folder);
    Map<String, String> traced = new HashMap<>(jaeger.settings());
    traced.put("OTEL_BSP_SCHEDULE_DELAY", "100");
    simulator = Simulator.start(pairs(traced));
    Map<String, String> settings =
        simulator.feed(
            "jdbc:h2:file:" + folder.resolve("h2"), "FEED_QUOTA", "3600", "LOG_PROBES", "false");
    settings.putAll(traced);
    settings.put("DATASETS_RETICULATE_CPU", "20ms");
    settings.put("DATASETS_RETICULATE_PAUSE", "20ms");
    service = ServiceProcess.withModel(settings).start();
    await().atMost(PATIENCE).until(() -> service.send("GET", "/ready/feed").statusCode() == 200);
    await()
        .atMost(PATIENCE)
        .until(() -> service.send("GET", "/ready/inference").statusCode() == 200);
    useEverything();
  }

  private static String[] pairs(Map<String, String> settings) {
    return settings.entrySet().stream()
        .flatMap(one -> List.of(one.getKey(), one.getValue()).stream())
        .toArray(String[]::new);
  }

  @AfterAll
  static void end() {
    for (AutoCloseable one : new AutoCloseable[] {service, simulator, jaeger}) {
      close(one);
    }
  }

  private static void close(AutoCloseable one) {
    try {
      if (one != null) {
        one.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void useEverything() {
    service.send("PUT", "/api/buckets/7", "hello");
    service.send("GET", "/api/buckets/7");
    service.send("DELETE", "/api/buckets/7"); // 500, the deliberate fault
    service.send("DELETE", "/api/buckets/7");
    service.send("GET", "/nothing");
    service.send("PATCH", "/api/buckets/7");
    service.send("POST", "/datasets?name=a");
    service.send("GET", "/datasets");
    service.send("PUT", "/datasets/1?name=b");
    service.send("POST", "/datasets/1/reticulate");
    service.send("DELETE", "/datasets/1");
    service.send("GET", "/datasets/x");
    service.send("POST", "/feed/items", "{\"title\":\"a\",\"id\":\"mine\"}");
    service.send("GET", "/feed/items?limit=3");
    service.send("DELETE", "/feed/items/mine");
    service.send("GET", "/feed");
    service.send("POST", "/predict", "no form");
    Digits.heldBack().stream().limit(20).forEach(digit -> predict(digit.png()));
    predict("no image".getBytes(UTF_8));
  }

  private static void predict(byte[] image) {
    Form form = new Form().file("file", "a.png", "image/png", image);
    service.send(
        HttpRequest.newBuilder(service.uri("/predict"))
            .header("Content-Type", form.contentType())
            .POST(BodyPublishers.ofByteArray(form.body()))
            .build());
  }

  /** A span, once Jaeger has it. */
  private static Jaeger.Span span(String traceId, String spanId) {
    return await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .until(
            () ->
                jaeger.trace(traceId).stream()
                    .filter(span -> span.spanId().equals(spanId))
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  @Test
  void everyExemplarLeadsToItsSpanOfTheSameDuration() {
    List<Exemplar> exemplars = Exemplar.of(service);

    assertThat(exemplars.stream().map(Exemplar::metric).collect(Collectors.toSet()))
        .contains(
            "http_request_duration_seconds",
            "http_request_size_bytes",
            "http_response_size_bytes",
            "db_query_duration_seconds",
            "feed_fetch_duration_seconds",
            "model_inference_duration_seconds");
    for (Exemplar exemplar : exemplars) {
      Jaeger.Span span = span(exemplar.traceId(), exemplar.spanId());
      if (exemplar.isDuration()) {
        assertThat(Math.round(exemplar.value() * 1e6))
            .as("%s and %s", exemplar, span)
            .isCloseTo(span.micros(), within(ROUNDING));
      }
    }
  }

  @Test
  void everyExemplarOfARequestLeadsToItsLine() {
    List<Exemplar> requests =
        Exemplar.of(service).stream()
            .filter(e -> e.metric().startsWith("http_request_duration"))
            .toList();
    assertThat(requests).hasSizeGreaterThan(10);
    for (Exemplar exemplar : requests) {
      assertThat(line(exemplar.spanId()).micros())
          .isCloseTo(Math.round(exemplar.value() * 1e6), within(ROUNDING));
    }
  }

  private static AccessLine line(String spanId) {
    List<String> lines = service.awaitRequests(1, " span_id=" + spanId);
    assertThat(lines).hasSize(1);
    return AccessLine.of(lines.get(0));
  }

  @Test
  void everyTraceOfARequestLeadsToItsLineAndEveryLineToItsTrace() {
    List<AccessLine> lines = service.accessLines().stream().map(AccessLine::of).toList();
    assertThat(lines).hasSizeGreaterThan(30);
    for (AccessLine line : lines) {
      assertThat(line.traceId()).as(line.toString()).isNotEmpty();
      assertSame(span(line.traceId(), line.spanId()), line);
    }
    List<Jaeger.Span> servers =
        jaeger.traces(SERVICE).stream()
            .filter(span -> span.isServer() && span.service().equals(SERVICE))
            .toList();
    assertThat(servers).hasSizeGreaterThanOrEqualTo(lines.size());
    servers.forEach(span -> assertSame(span, line(span.spanId())));
  }

  private static void assertSame(Jaeger.Span span, AccessLine line) {
    assertThat(span.micros()).isCloseTo(line.micros(), within(ROUNDING));
    assertThat(span.traceId()).isEqualTo(line.traceId());
    assertThat(span.tags())
        .containsEntry("http.response.status_code", Integer.toString(line.status()))
        .containsEntry("http.request.method", line.method());
  }

  @Test
  void everyLineWithinARequestBearsTheIdsOfASpanOfItsTrace() {
    Pattern ids = Pattern.compile(".* trace_id=(\\w{32}) span_id=(\\w{16})\\b.*");
    List<Matcher> within =
        service.lines().stream()
            .filter(line -> !line.contains(" msg=\"request\" "))
            .map(ids::matcher)
            .filter(Matcher::matches)
            .toList();
    assertThat(within).isNotEmpty(); // of fetches
    for (Matcher line : within) {
      assertThat(span(line.group(1), line.group(2)).service()).isEqualTo(SERVICE);
    }
  }

  @Test
  void aPredictionShowsItsSteps() {
    AccessLine line =
        service.accessLines().stream()
            .map(AccessLine::of)
            .filter(one -> one.path().equals("/predict") && one.status() == 200)
            .findFirst()
            .orElseThrow();
    span(line.traceId(), line.spanId());
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(jaeger.trace(line.traceId()))
                    .filteredOn(span -> span.parentId().equals(line.spanId()))
                    .extracting(Jaeger.Span::name)
                    .contains("parse", "decode", "queue", "infer"));
  }

  @Test
  void theCallersSpanIsTheParentAndTheAnswerNamesItsSpan() {
    String traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    String parentId = "00f067aa0ba902b7";
    HttpResponse<String> answer =
        service.send(
            HttpRequest.newBuilder(service.uri("/info"))
                .header("traceparent", "00-" + traceId + "-" + parentId + "-01")
                .build());

    String[] response = answer.headers().firstValue("traceresponse").orElseThrow().split("-", -1);
    assertThat(response).hasSize(4);
    assertThat(response[1]).isEqualTo(traceId);
    Jaeger.Span span = span(traceId, response[2]);
    assertThat(span.parentId()).isEqualTo(parentId);
    assertThat(span.tags())
        .containsEntry("request_id", answer.headers().firstValue("X-Request-ID").orElseThrow());
    assertSame(span, line(span.spanId()));
  }

  @Test
  void theUpstreamsRequestIsTheChildOfTheFeedsCall() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(jaeger.traces(OTHER))
                    .filteredOn(span -> span.service().equals(OTHER) && span.isServer())
                    .filteredOn(span -> span.name().equals("GET /documents"))
                    .isNotEmpty());
    Set<Jaeger.Span> asked =
        jaeger.traces(OTHER).stream()
            .filter(span -> span.name().equals("GET /documents"))
            .collect(Collectors.toSet());
    for (Jaeger.Span server : asked) {
      Jaeger.Span call = span(server.traceId(), server.parentId()); // each process sends by itself
      assertThat(call.service()).isEqualTo(SERVICE);
      assertThat(call.tags()).containsEntry("span.kind", "client");
      assertThat(call.traceId()).isEqualTo(server.traceId());
      assertThat(call.micros()).isGreaterThanOrEqualTo(server.micros());
      Jaeger.Span fetch = span(call.traceId(), call.parentId());
      assertThat(fetch.name()).isEqualTo("feed fetch");
      assertThat(fetch.parentId()).isEmpty();
      AccessLine line = AccessLine.of(simulator.awaitLine(" span_id=" + server.spanId()));
      assertSame(server, line);
    }
  }
}
