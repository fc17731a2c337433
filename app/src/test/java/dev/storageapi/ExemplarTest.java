package dev.storageapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Digits;
import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.TestUpstream;
import dev.storageapi.testing.TraceBackend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a histogram to the trace: every exemplar is a span that was sent. */
class ExemplarTest {

  private static final double MICROSECOND = 1e-6;

  private static final Pattern BUCKET =
      Pattern.compile("([a-z_]+)_bucket\\{(.*)\\} \\S+ # \\{(.*)\\} (\\S+) \\S+");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  /** What a histogram of durations times: the name of the spans, or a label that is their name. */
  private static final Map<String, String> STEPS =
      Map.of(
          "feed_fetch_duration_seconds", "feed fetch",
          "inference_queue_duration_seconds", "queue",
          "model_inference_duration_seconds", "infer");

  @TempDir private Path folder;

  /** One of a bucket. */
  private record Exemplar(
      String histogram, String labels, String traceId, String spanId, double value) {}

  private static List<Exemplar> exemplars(String metrics) {
    List<Exemplar> all = new ArrayList<>();
    for (String line : metrics.lines().filter(one -> one.contains(" # {")).toList()) {
      Matcher bucket = BUCKET.matcher(line);
      assertThat(bucket.matches()).as(line).isTrue(); // of nothing else than histograms
      Map<String, String> ids = labels(bucket.group(3));
      assertThat(ids).containsOnlyKeys("trace_id", "span_id");
      all.add(
          new Exemplar(
              bucket.group(1),
              bucket.group(2).replaceAll(",?le=\"[^\"]*\"", ""),
              ids.get("trace_id"),
              ids.get("span_id"),
              Double.parseDouble(bucket.group(4))));
    }
    return all;
  }

  private static Map<String, String> labels(String text) {
    return LABEL
        .matcher(text)
        .results()
        .collect(Collectors.toMap(m -> m.group(1), m -> m.group(2)));
  }

  /** The histograms with observations. */
  private static Set<String> observed(Scrape scrape) {
    Set<String> names = new TreeSet<>();
    for (Scrape.Series series : scrape.series()) {
      String count = series.name();
      if (count.endsWith("_count")
          && scrape.has(bucketOf(count), infinite(series))
          && scrape.sum(count) > 0) {
        names.add(count.replaceAll("_count$", ""));
      }
    }
    return names;
  }

  private static String bucketOf(String count) {
    return count.replaceAll("_count$", "_bucket");
  }

  private static String[] infinite(Scrape.Series series) {
    List<String> labels = new ArrayList<>(List.of("le", "+Inf"));
    series.labels().forEach((name, value) -> labels.addAll(List.of(name, value)));
    return labels.toArray(String[]::new);
  }

  private TracedApp everything(TestUpstream upstream, String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "MODEL_PATH",
                "digits",
                "INFERENCE_NATIVE_DIR",
                "target/native",
                "FEED_URL",
                "http://127.0.0.1:" + upstream.port() + "/documents",
                "FEED_ALLOWED_HOSTS",
                "127.0.0.1:" + upstream.port()));
    all.addAll(List.of(settings));
    TracedApp traced = TracedApp.withDatabase(folder, all.toArray(String[]::new));
    traced.app.withModelLoaded();
    return traced;
  }

  private static void useEverything(TracedApp traced) {
    RunningApp app = traced.app;
    await().until(() -> traced.scrape().value("feed_fetches_total", "outcome", "success") > 0);
    app.put("/api/buckets/1", "x");
    app.get("/api/buckets/1");
    app.delete("/api/buckets/1");
    app.get("/nowhere");
    app.send("POST", "/datasets?name=x", new byte[0]);
    app.get("/datasets");
    app.send("POST", "/feed/items", "{\"title\":\"x\"}".getBytes(UTF_8));
    app.get("/feed/items");
    assertThat(app.predict(Digits.heldBack().get(0).png()).statusCode()).isEqualTo(200);
  }

  @Test
  void everyHistogramHasAnExemplarAndEveryExemplarIsASpanOfTheSameDuration() {
    try (TestUpstream upstream = TestUpstream.start();
        TracedApp traced = everything(upstream)) {
      useEverything(traced);
      List<Exemplar> exemplars = exemplars(traced.openMetrics());

      assertThat(exemplars)
          .extracting(Exemplar::histogram)
          .containsAll(observed(traced.scrape()))
          .contains("http_request_duration_seconds", "http_request_size_bytes")
          .contains("http_response_size_bytes", "db_query_duration_seconds")
          .contains("image_size_bytes", "prediction_confidence")
          .containsAll(STEPS.keySet());
      exemplars.forEach(exemplar -> assertResolves(traced.backend, exemplar));
    }
  }

  private static void assertResolves(TraceBackend backend, Exemplar exemplar) {
    ReceivedSpan span = backend.await(one -> one.id().equals(exemplar.spanId()));
    assertThat(span.traceId()).isEqualTo(exemplar.traceId());
    assertThat(span.attribute("exemplar")).isEqualTo("true");
    Map<String, String> labels = labels(exemplar.labels());
    if (exemplar.histogram().endsWith("_duration_seconds")) {
      assertThat(exemplar.value())
          .as("%s of %s", exemplar, span.name())
          .isCloseTo(span.nanos() / 1e9, within(MICROSECOND));
    }
    switch (exemplar.histogram()) {
      case "http_request_duration_seconds" -> {
        assertRequest(span, labels);
        assertThat(span.attribute("http.response.status_code") + "")
            .isEqualTo(labels.get("status"));
      }
      case "http_request_size_bytes" -> {
        assertRequest(span, labels);
        assertThat(span.attribute("http.request.body.size")).isEqualTo((long) exemplar.value());
      }
      case "http_response_size_bytes" -> {
        assertRequest(span, labels);
        assertThat(span.attribute("http.response.body.size")).isEqualTo((long) exemplar.value());
      }
      case "db_query_duration_seconds" ->
          assertThat(span.name()).isEqualTo(labels.get("operation"));
      case "image_size_bytes", "prediction_confidence" ->
          assertThat(span.name()).isEqualTo("POST /predict");
      default -> assertThat(span.name()).isEqualTo(STEPS.get(exemplar.histogram()));
    }
  }

  private static void assertRequest(ReceivedSpan span, Map<String, String> labels) {
    assertThat(span.attribute("http.request.method")).isEqualTo(labels.get("method"));
    Object route = span.attribute("http.route");
    assertThat(route == null ? "unmatched" : route).isEqualTo(labels.get("path"));
  }

  @Test
  void everySeriesOfRequestsHasAnExemplarAndThoseOfProbesHaveNone() {
    try (TracedApp traced = TracedApp.with()) {
      traced.app.put("/api/buckets/1", "x");
      traced.app.get("/api/buckets/1");
      traced.app.get("/nowhere");
      traced.app.get("/health");
      List<Exemplar> exemplars = exemplars(traced.openMetrics());

      assertThat(exemplars)
          .filteredOn(one -> one.histogram().equals("http_request_duration_seconds"))
          .extracting(one -> labels(one.labels()).get("method") + labels(one.labels()).get("path"))
          .containsExactlyInAnyOrder(
              "PUT/api/buckets/{id}", "GET/api/buckets/{id}", "GETunmatched");
    }
  }

  @Test
  void withNothingSampledThereIsNone() {
    try (TestUpstream upstream = TestUpstream.start();
        TracedApp traced = everything(upstream, "OTEL_TRACES_SAMPLER", "always_off")) {
      useEverything(traced);

      assertThat(exemplars(traced.openMetrics())).isEmpty();
      assertThat(traced.backend.asked()).isZero();
    }
  }
}
