package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.storageapi.testing.Collector;
import dev.storageapi.testing.FreePort;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.TcpProxy;
import dev.storageapi.testing.Watch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows 29 and 30, of traces: where they go is away, refuses, is slow or says nothing. */
final class DeadBackendIT {

  /** More than the default queue of 2048 and what is under way hold. */
  private static final int REQUESTS = 6_000;

  private static final int CLIENTS = 8;
  private static final Duration SLOW = Duration.ofSeconds(1);
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final String GET = "GET /info HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final Pattern DROPPED =
      Pattern.compile(
          ".* lvl=\\[WARN\\] .* msg=\"spans dropped(?: until the end)?\" count=(\\d+) .*");

  @TempDir private Path folder;

  /** A batch is given up after a second, and not after the default ten: the test is shorter. */
  private static ServiceProcess.Launch service(Map<String, String> endpoint, String... more) {
    Map<String, String> settings = new HashMap<>(endpoint);
    settings.put("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");
    settings.put("OTEL_BSP_SCHEDULE_DELAY", "100");
    settings.put("LOG_PROBES", "false"); // as with traces
    settings.put("SHUTDOWN_QUIET", "0ms");
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return ServiceProcess.with(settings);
  }

  private static List<Integer> warnings(ServiceProcess service) {
    return service.lines().stream()
        .map(DROPPED::matcher)
        .filter(Matcher::matches)
        .map(line -> Integer.parseInt(line.group(1)))
        .toList();
  }

  private static double dropped(ServiceProcess service) {
    return service.scrape().sum("telemetry_dropped_total", "signal", "traces");
  }

  private static void sendQuickly(ServiceProcess service) {
    try (RawClient client = RawClient.connect(service.port())) {
      for (int i = 0; i < REQUESTS; i++) {
        long start = System.nanoTime();
        client.write(GET);
        assertThat(client.answer(SLOW).status()).isEqualTo(200);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SLOW);
      }
    }
  }

  /**
   * Nothing arrives there: every request is served, and every span counted as dropped. The threads
   * that send are kept for a minute, so it takes as long to see that they go.
   */
  private static void assertAllIsDropped(int port, boolean threads) {
    try (ServiceProcess service = service(Collector.settings(port)).start()) {
      Watch watch = Watch.withBaseline(service);
      sendQuickly(service);
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(dropped(service)).isEqualTo(spans(service)));
      watch.assertBackAtBaseline();
      if (threads) {
        watch.assertThreadsBackAtBaseline();
      }
      assertThat(service.scrape().sum("telemetry_dropped_total", "reason", "queue_full"))
          .isGreaterThan(1_000);
      assertThat(warnings(service)).hasSize(1); // a minute has not passed
      assertEndsInOrderAndTellsAll(service, 0);
    }
  }

  /** So many requests have been traced; those that the harness made are among them. */
  private static int spans(ServiceProcess service) {
    return service.accessLines().size();
  }

  private static void assertEndsInOrderAndTellsAll(ServiceProcess service, int received) {
    service.terminate();
    assertThat(service.exitCode()).isZero();
    assertThat(warnings(service).stream().mapToInt(n -> n).sum() + received)
        .isEqualTo(spans(service));
    assertThat(service.lines()).noneMatch(line -> line.contains(" lvl=[ERROR] "));
    assertThat(service.errors()).isEmpty();
  }

  @Test
  void aBackEndThatIsNotThereHarmsNothing() {
    assertAllIsDropped(FreePort.find(), false);
  }

  @Test
  @Tag("full")
  void aBackEndThatRefusesHarmsNothing() throws IOException {
    HttpServer refusing = HttpServer.create(local(), 0);
    AtomicInteger refused = new AtomicInteger();
    refusing.createContext(
        "/v1/traces",
        exchange -> {
          refused.incrementAndGet();
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(503, -1);
          exchange.close();
        });
    refusing.start();
    try {
      assertAllIsDropped(refusing.getAddress().getPort(), true);
      assertThat(refused).hasPositiveValue();
    } finally {
      refusing.stop(0);
    }
  }

  private static InetSocketAddress local() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  @Tag("ci")
  void aBlackHoleHarmsNothing() throws IOException {
    try (ServerSocket hole = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      assertAllIsDropped(hole.getLocalPort(), false); // it connects, and nobody reads
    }
  }

  @Test
  @Tag("full")
  void aSlowBackEndGetsWhatItCanAndTheRestIsCounted() {
    try (Collector collector = Collector.start(folder);
        TcpProxy proxy = TcpProxy.start("127.0.0.1", collector.port())) {
      proxy.latency(Duration.ofMillis(200));
      try (ServiceProcess service =
          service(Collector.settings(proxy.port()), "OTEL_EXPORTER_OTLP_TIMEOUT", "20000")
              .start()) {
        Watch watch = Watch.withBaseline(service);
        sendQuickly(service);
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(servers(collector).size() + dropped(service))
                        .isEqualTo(spans(service)));
        watch.assertBackAtBaseline();
        watch.assertThreadsBackAtBaseline();
        assertThat(dropped(service)).isPositive();
        assertThat(warnings(service)).hasSize(1); // a minute has not passed
        proxy.latency(Duration.ZERO);
        service.terminate();
        assertThat(service.exitCode()).isZero();
        collector.end();
        int told = warnings(service).stream().mapToInt(n -> n).sum();
        assertThat(servers(collector).size() + told).isEqualTo(spans(service));
      }
    }
  }

  private static Set<String> servers(Collector collector) {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    collector.forEach(span -> assertThat(ids.add(span.spanId())).isTrue());
    return ids;
  }

  /** When it is back, so are the spans. */
  @Test
  void afterTheBackEndWasAwaySpansArriveAgain() {
    try (Collector collector = Collector.start(folder);
        TcpProxy proxy = TcpProxy.start("127.0.0.1", collector.port());
        ServiceProcess service = service(Collector.settings(proxy.port())).start()) {
      proxy.cut();
      service.send("GET", "/info");
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(dropped(service)).isEqualTo(1));
      proxy.restore();
      service.send("GET", "/info");
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(servers(collector)).hasSize(1));
      assertThat(dropped(service)).isEqualTo(1);
    }
  }

  /** One client: a kept connection, a new one where the answer says so, nothing sent twice. */
  private static void send(int port, AtomicInteger inUse, Set<String> spans, AtomicInteger failed) {
    RawClient client = RawClient.connect(port);
    while (inUse.get() == 200) {
      client.write(GET);
      Optional<Answer> answer = client.readUntilAnswered(SOON);
      answer.ifPresentOrElse(
          one -> spans.add(one.header("traceresponse").split("-", -1)[2]), failed::incrementAndGet);
      if (answer.isEmpty() || "close".equals(answer.get().header("Connection"))) {
        client.close();
        client = RawClient.connect(port);
      }
    }
    client.close();
  }

  /** The load balancer's probe: from its first 503 on the instance gets nothing new. */
  private static void probe(int port, AtomicInteger inUse) {
    while (inUse.get() == 200) {
      try (RawClient client = RawClient.connect(port)) {
        client.write("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
        inUse.set(client.answer().status());
      }
    }
  }

  @Test
  void everySpanOfAnAnswerArrivesWhenTheServiceIsToldToEndUnderLoad()
      throws InterruptedException, ExecutionException {
    AtomicInteger inUse = new AtomicInteger(200);
    AtomicInteger failed = new AtomicInteger();
    Set<String> answered = ConcurrentHashMap.newKeySet();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 1);
    Map<String, String> settings = new HashMap<>();
    settings.put("SHUTDOWN_QUIET", "500ms");
    settings.put("OTEL_BSP_MAX_QUEUE_SIZE", "131072"); // for a burst without a pause
    settings.put("TRACES_FLUSH", "15s");
    try (Collector collector = Collector.start(folder)) {
      settings.putAll(collector.settings());
      try (ServiceProcess service = ServiceProcess.with(settings).start()) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          running.add(threads.submit(() -> send(service.port(), inUse, answered, failed)));
        }
        running.add(threads.submit(() -> probe(service.port(), inUse)));
        await().until(() -> answered.size() > 2_000);
        service.terminate();
        for (Future<?> client : running) {
          client.get();
        }
        assertThat(service.exitCode()).isZero();
        collector.end();

        assertThat(failed).hasValue(0);
        assertThat(servers(collector)).isEqualTo(answered);
        assertThat(warnings(service)).isEmpty();
        assertThat(service.errors()).isEmpty();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aBlackHoleDoesNotKeepTheServiceFromEnding() throws IOException {
    Duration grace = Duration.ofSeconds(3);
    Duration flush = Duration.ofSeconds(2);
    try (ServerSocket hole = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ServiceProcess service =
            service(
                    Collector.settings(hole.getLocalPort()),
                    "OTEL_EXPORTER_OTLP_TIMEOUT",
                    "30000",
                    "SHUTDOWN_GRACE",
                    grace.toSeconds() + "s",
                    "TRACES_FLUSH",
                    flush.toSeconds() + "s")
                .start();
        RawClient upload = RawClient.connect(service.port())) {
      sendQuickly(service);
      upload.write("PUT /api/buckets/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
      await().until(() -> service.scrape().value("http_requests_in_flight") == 2);
      long start = System.nanoTime();
      service.terminate();
      assertThat(service.exitCode()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isLessThan(grace.plus(flush).plus(SLOW));
      assertThat(warnings(service).stream().mapToInt(n -> n).sum()).isEqualTo(spans(service));
      assertThat(service.lines().get(service.lines().size() - 1)).contains("has ended");
    }
  }
}
