package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Collector;
import dev.storageapi.testing.Exemplar;
import dev.storageapi.testing.Parallel;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which traces are sampled, and that those are whole. */
class SamplingIT {

  private static final int CLIENTS = 8;
  private static final String HEAD = "GET /datasets?limit=1 HTTP/1.1\r\nHost: x\r\n";

  @TempDir private Path folder;

  /** One of a hundred, unless the caller has decided. */
  private ServiceProcess start(Collector collector) {
    Map<String, String> settings = new HashMap<>(collector.settings());
    settings.put("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    settings.put("OTEL_TRACES_SAMPLER_ARG", "0.01");
    settings.put("OTEL_BSP_MAX_QUEUE_SIZE", "262144");
    settings.put("DATABASE_URL", "jdbc:h2:file:" + folder.resolve("h2"));
    settings.put("SHUTDOWN_QUIET", "0ms");
    settings.put("TRACES_FLUSH", "15s");
    ServiceProcess service = ServiceProcess.with(settings).start();
    await().until(() -> service.send("GET", "/ready/datasets").statusCode() == 200);
    return service;
  }

  /**
   * Of n requests, sampled each by itself with probability p, np are expected with a standard
   * deviation of √(np(1−p)); six of those are left once in 500 million runs.
   */
  @Test
  void onePercentIsSampledAndTracesAreWholeOrNotThere()
      throws ExecutionException, InterruptedException {
    int requests = 20_000;
    int told = 500;
    double deviation = Math.sqrt(requests * 0.01 * 0.99);
    Set<String> wanted = ConcurrentHashMap.newKeySet();
    Set<String> unwanted = ConcurrentHashMap.newKeySet();
    Set<String> named = ConcurrentHashMap.newKeySet(); // as sampled, by answers
    try (Collector collector = Collector.start(folder);
        ServiceProcess service = start(collector)) {
      Parallel.run(CLIENTS, client -> list(service.port(), requests / CLIENTS, () -> "", named));
      Set<String> ofTheirOwn = Set.copyOf(named);
      Parallel.run(
          CLIENTS,
          client -> list(service.port(), told / CLIENTS, () -> parent(wanted, "01"), named));
      Parallel.run(
          CLIENTS,
          client -> list(service.port(), told / CLIENTS, () -> parent(unwanted, "00"), named));
      List<Exemplar> exemplars = Exemplar.of(service);
      service.terminate();
      assertThat(service.exitCode()).isZero();
      collector.end();

      Map<String, List<Collector.Span>> traces = requestsOf(collector, "limit=1");
      assertThat(traces.keySet()).isEqualTo(named);
      assertThat(ofTheirOwn.size() - requests * 0.01).isBetween(-6 * deviation, 6 * deviation);
      assertThat(traces.keySet()).containsAll(wanted).doesNotContainAnyElementsOf(unwanted);
      assertThat(wanted).hasSize(told / CLIENTS * CLIENTS);
      assertThat(traces.values()).allSatisfy(SamplingIT::assertWhole);
      assertThat(exemplars).extracting(Exemplar::metric).contains("http_request_duration_seconds");
      assertThat(spanIds(collector))
          .containsAll(exemplars.stream().map(Exemplar::spanId).toList()); // of sampled ones only
    }
  }

  private static Set<String> spanIds(Collector collector) {
    Set<String> ids = new HashSet<>();
    collector.forEach(span -> ids.add(span.spanId()));
    return ids;
  }

  /** A header that goes on a new trace. */
  private static String parent(Set<String> traceIds, String flags) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    String traceId = "%016x%016x".formatted(random.nextLong(1, Long.MAX_VALUE), random.nextLong());
    traceIds.add(traceId);
    return "traceparent: 00-" + traceId + "-00f067aa0ba902b7-" + flags + "\r\n";
  }

  /** Asks for a page, and keeps the trace ids that are named as sampled. */
  private static void list(int port, int requests, Supplier<String> header, Set<String> sampled) {
    try (RawClient client = RawClient.connect(port)) {
      for (int i = 0; i < requests; i++) {
        client.write(HEAD + header.get() + "\r\n");
        Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(200);
        String[] response = answer.header("traceresponse").split("-", -1);
        if ((Integer.parseInt(response[3], 16) & 1) == 1) {
          sampled.add(response[1]);
        }
      }
    }
  }

  /** All spans of the traces in which a request with that query is. */
  private static Map<String, List<Collector.Span>> requestsOf(Collector collector, String query) {
    Map<String, List<Collector.Span>> all = new HashMap<>();
    collector.forEach(
        span -> all.computeIfAbsent(span.traceId(), any -> new ArrayList<>()).add(span));
    all.values()
        .removeIf(
            spans ->
                spans.stream().noneMatch(one -> query.equals(one.attributes().get("url.query"))));
    return all;
  }

  /** Each of these requests makes one query. */
  private static void assertWhole(List<Collector.Span> trace) {
    assertThat(trace).hasSize(2);
    Collector.Span request = trace.get(trace.get(0).isServer() ? 0 : 1);
    Collector.Span query = trace.get(trace.get(0).isServer() ? 1 : 0);
    assertThat(request.isServer()).isTrue();
    assertThat(query.name()).isEqualTo("dataset_list");
    assertThat(query.parentId()).isEqualTo(request.spanId());
  }
}
