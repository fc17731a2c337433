package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.AccessLine;
import dev.storageapi.testing.Collector;
import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Form;
import dev.storageapi.testing.Parallel;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.ServiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces, access log and metrics of one service count and say the same as its clients. */
class TraceCountsIT {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int CLIENTS = 8;

  /** Longer than what two sockets hold, so that its answer is under way until somebody reads it. */
  private static final int LARGE = 24 << 20;

  private static final String SMALL_BODY = "Content-Length: 5\r\n\r\nhello";
  private static final String ITEM = "Content-Length: 13\r\n\r\n{\"title\":\"a\"}";
  private static final String LARGE_BODY = "Content-Length: 70000\r\n\r\n" + "a".repeat(70_000);

  private static final String LONG = "e".repeat(9_000);

  private final Map<Integer, AtomicInteger> sent = new ConcurrentHashMap<>();

  @TempDir private Path folder;

  /** What takes every span of a burst: the default queue of 2048 drops what comes too fast. */
  private ServiceProcess start(Collector collector) {
    Map<String, String> settings = new HashMap<>(collector.settings());
    settings.put("OTEL_BSP_MAX_QUEUE_SIZE", "262144");
    settings.put("LOG_QUEUE_BYTES", "64MiB");
    settings.put("LOG_PROBES", "true");
    settings.put("TRACES_PROBES", "true");
    settings.put("DATABASE_URL", "jdbc:h2:file:" + folder.resolve("h2"));
    settings.put("SHUTDOWN_QUIET", "0ms");
    settings.put("TRACES_FLUSH", "15s");
    settings.put("SERVER_MAX_CONCURRENT_REQUESTS", "6"); // fewer than clients: some are shed
    settings.put("SERVER_ADMISSION_WAIT", "0ms");
    settings.put("DATABASE_MAX_CONCURRENT", "2");
    settings.put("DATABASE_POOL_SIZE", "2");
    settings.put("DATASETS_RETICULATE_MAX", "1");
    settings.put("INFERENCE_MAX_CONCURRENT", "1");
    settings.put("STORAGE_MAX_OBJECT_BYTES", "24MiB");
    settings.put("SERVER_UPLOAD_BUDGET_BYTES", "64MiB");
    ServiceProcess service = ServiceProcess.withModel(settings).jvm("-Xmx1g").start();
    await().until(() -> get(service, "/datasets") == 200);
    await().until(() -> get(service, "/ready/inference") == 200);
    return service;
  }

  private void count(int status) {
    sent.computeIfAbsent(status, any -> new AtomicInteger()).incrementAndGet();
  }

  private int sent() {
    return sent.values().stream().mapToInt(AtomicInteger::get).sum();
  }

  /** A request of the harness, which counts like all others. */
  private int get(ServiceProcess service, String path) {
    int status = service.send("GET", path).statusCode();
    count(status);
    return status;
  }

  private Scrape scrape(ServiceProcess service) {
    Scrape scrape = service.scrape();
    count(200);
    return scrape;
  }

  @Test
  void spansLinesCountsAndClientsAreTheSame() throws ExecutionException, InterruptedException {
    countAndCompare(2_000);
  }

  @Test
  @Tag("ci")
  void spansLinesCountsAndClientsAreTheSameForTwentyThousand()
      throws ExecutionException, InterruptedException {
    countAndCompare(20_000);
  }

  @Test
  @Tag("full")
  void spansLinesCountsAndClientsAreTheSameForAHundredThousand()
      throws ExecutionException, InterruptedException {
    countAndCompare(100_000);
  }

  private void countAndCompare(int requests) throws ExecutionException, InterruptedException {
    try (Collector collector = Collector.start(folder);
        ServiceProcess service = start(collector)) {
      try (RawClient client = RawClient.connect(service.port())) {
        exchange(client, "PUT /api/buckets/large", "Content-Length: " + LARGE + "\r\n\r\n", LARGE);
      }
      try (RawClient slow = RawClient.connect(service.port())) {
        slow.write(head("PUT /api/buckets/old") + "Content-Length: 9\r\n\r\nnew");
        Parallel.run(CLIENTS, client -> mixed(service.port(), client, requests / CLIENTS));
        assertThat(slow.readUntilClosed(SOON.multipliedBy(2))).isEmpty();
        count(408);
      }
      resetUploads(service);
      assertThat(sent()).isGreaterThanOrEqualTo(requests);
      assertThat(sent.keySet())
          .contains(200, 201, 204, 400, 404, 405, 408, 413, 414, 422, 499, 500, 503);

      awaitCounted(service);
      service.terminate();
      assertThat(service.exitCode()).isZero();
      collector.end();

      Map<String, AccessLine> lines = lines(service);
      assertThat(byStatus(lines.values())).isEqualTo(byStatus());
      assertEachLineHasItsSpan(collector, lines);
      assertThat(service.errors()).isEmpty();
      assertThat(service.lines()).noneMatch(line -> line.contains("msg=\"spans dropped\""));
    }
  }

  /**
   * Waits until the counter has what was sent, by status, and nothing else; nothing was dropped.
   */
  private void awaitCounted(ServiceProcess service) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              Map<Integer, Integer> before = byStatus();
              Scrape scrape = scrape(service);
              Map<Integer, Integer> counted = new TreeMap<>();
              for (int status : before.keySet()) {
                counted.put(
                    status,
                    (int) scrape.sum("http_requests_total", "status", Integer.toString(status)));
              }
              assertThat(counted).isEqualTo(before);
              assertThat(scrape.sum("http_requests_total"))
                  .isEqualTo(before.values().stream().mapToInt(n -> n).sum());
              assertThat(
                      scrape.has(
                          "telemetry_dropped_total", "signal", "traces", "reason", "queue_full"))
                  .isTrue();
              assertThat(scrape.sum("telemetry_dropped_total")).isZero();
            });
  }

  private Map<Integer, Integer> byStatus() {
    Map<Integer, Integer> counts = new TreeMap<>();
    sent.forEach((status, count) -> counts.put(status, count.get()));
    return counts;
  }

  private static Map<Integer, Integer> byStatus(Iterable<AccessLine> lines) {
    Map<Integer, Integer> counts = new TreeMap<>();
    lines.forEach(line -> counts.merge(line.status(), 1, Integer::sum));
    return counts;
  }

  /** The lines by their span; no span has two. */
  private static Map<String, AccessLine> lines(ServiceProcess service) {
    Map<String, AccessLine> lines = new HashMap<>();
    for (String text : service.accessLines()) {
      AccessLine line = AccessLine.of(text);
      assertThat(line.spanId()).as(text).hasSize(16);
      assertThat(lines.put(line.spanId(), line)).as(text).isNull();
    }
    return lines;
  }

  private static void assertEachLineHasItsSpan(Collector collector, Map<String, AccessLine> lines) {
    Set<String> ids = new HashSet<>();
    Set<String> parents = new HashSet<>();
    AtomicInteger servers = new AtomicInteger();
    List<String> different = new ArrayList<>();
    collector.forEach(
        span -> {
          if (!ids.add(span.spanId())) {
            different.add("twice: " + span);
          }
          if (!span.parentId().isEmpty()) {
            parents.add(span.parentId());
          }
          if (span.isServer()) {
            servers.incrementAndGet();
            AccessLine line = lines.get(span.spanId());
            if (line == null || !says(span, line)) {
              different.add(span + " and " + line);
            }
          }
        });
    assertThat(different).isEmpty();
    assertThat(servers).hasValue(lines.size());
    assertThat(parents).isNotEmpty();
    parents.removeAll(ids);
    assertThat(parents).isEmpty(); // nothing hangs from a span that never came
    assertThat(ids.size()).isGreaterThan(lines.size()); // those within requests
  }

  /** Whether span and line tell the same; the line has its time in microseconds. */
  private static boolean says(Collector.Span span, AccessLine line) {
    return span.traceId().equals(line.traceId())
        && span.attributes().get("http.response.status_code").equals(line.status() + "")
        && Math.round(span.nanos() / 1e3) == line.micros()
        && span.attributes().getOrDefault("http.route", "unmatched").equals(line.path())
        && method(span).equals(line.method())
        && span.failed() == line.status() >= 500;
  }

  private static String method(Collector.Span span) {
    String known = span.attributes().get("http.request.method");
    return span.attributes().getOrDefault("http.request.method_original", known);
  }

  /** Requests of all kinds, each counted by the status that came, or 499 if it was cut. */
  private void mixed(int port, int number, int requests) {
    String predict =
        new Form()
            .file("file", "a.png", "image/png", Digits.heldBack().get(number).png())
            .request("/predict");
    RawClient client = RawClient.connect(port);
    for (int i = 0; i < requests; i++) {
      Answer answer;
      if (i % 100 == 50) {
        cutUpload(port);
        continue;
      } else if (i % 200 == 99) {
        cutDownload(port);
        continue;
      } else if (i % 50 == 25) {
        client.write(predict);
        answer = client.answer();
      } else if (i % 20 == 7) {
        client.write("HEAD /api/buckets/" + number + " HTTP/1.1\r\nHost: x\r\n\r\n");
        answer = client.answerToHead();
      } else {
        client.write(request(i % 20, number, i / 20));
        answer = client.answer();
      }
      count(answer.status());
      if ("close".equals(answer.header("Connection"))) {
        client.close();
        client = RawClient.connect(port);
      }
    }
    client.close();
  }

  private static String request(int kind, int client, int row) {
    String id = client + "-" + row;
    String none = "Content-Length: 0\r\n\r\n";
    return switch (kind) {
      case 0, 1 -> head("PUT /api/buckets/" + id) + SMALL_BODY;
      case 2 -> head("GET /api/buckets/" + id) + "\r\n";
      case 3 -> head("DELETE /api/buckets/" + id) + "\r\n"; // 500, the deliberate fault
      case 4 -> head("DELETE /api/buckets/" + id) + "\r\n"; // 400: it is away
      case 5 -> head("GET /api/buckets/none" + (row % 3 == 0 ? LONG : "")) + "\r\n"; // 404, 414
      case 6 -> head("PATCH /api/buckets/1") + none;
      case 8 -> head("GET /nothing?there=" + id) + "\r\n";
      case 9 -> head("PUT /api/buckets/big") + LARGE_BODY;
      case 10 -> head("POST /feed/items") + ITEM;
      case 11 -> head("POST /datasets?name=" + id) + none;
      case 12 -> head("GET /datasets?limit=5") + "\r\n";
      case 13 -> head("GET /datasets/x") + "\r\n";
      case 14 -> head("GET /health") + "traceparent: 00-zz-1-01\r\n\r\n";
      case 15 -> head(row % 2 == 0 ? "GET /ready" : "BREW /api/buckets/1") + none;
      case 16 -> head("GET /info") + "\r\n";
      case 17 -> head("POST /predict") + SMALL_BODY;
      case 18 -> head("DELETE /datasets/" + row) + none;
      default -> head("POST /feed/items") + LARGE_BODY; // 413
    };
  }

  private static String head(String request) {
    return request + " HTTP/1.1\r\nHost: x\r\n";
  }

  private void exchange(RawClient client, String request, String head, int body) {
    client.write(head(request) + head);
    client.write("a".repeat(body));
    count(client.answer().status());
  }

  /** Its half has been read before anybody sees that it ends. */
  private void cutUpload(int port) {
    try (RawClient client = RawClient.connect(port)) {
      client.write(head("PUT /api/buckets/old") + "Content-Length: 9\r\n\r\nnew");
      client.endOutput();
      if (client.readUntilAnswered(SOON).isPresent()) {
        throw new AssertionError("half of a request was answered");
      }
      count(499);
    }
  }

  private void cutDownload(int port) {
    try (RawClient client = RawClient.connect(port, 4096)) {
      client.write(head("GET /api/buckets/large") + "\r\n");
      int status = client.beginningOfAnswer(SOON);
      client.reset();
      count(status == 200 ? 499 : status); // one that is shed has been sent whole
    }
  }

  /** Reset, as by a client whose machine has gone, while the service waits for the rest. */
  private void resetUploads(ServiceProcess service) {
    for (int i = 0; i < 5; i++) {
      try (RawClient client = RawClient.connect(service.port())) {
        client.write(head("PUT /api/buckets/old") + "Content-Length: 9\r\n\r\nnew");
        await().until(() -> scrape(service).value("http_requests_in_flight") == 2);
        client.reset();
        count(499);
        await().until(() -> scrape(service).value("http_requests_in_flight") == 1);
      }
    }
  }
}
