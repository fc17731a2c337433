package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.http.Request;
import dev.storageapi.http.Route;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.testing.Digits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What {@code /metrics} exposes, against the catalogue in the code and the one in the docs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsTest {

  /** The series that the finished product may have; docs/metrics.md. */
  private static final long BUDGET = 5000;

  /** Beside {@code other}, by default: INFERENCE_MAX_CLASS_LABELS. */
  private static final long CLASSES = 20;

  /** What is there only with one. */
  private static final String OF_A_SHARED_STORE = "storage_(up|operation_|pool_).*";

  private RunningApp app;

  @BeforeAll
  void touchEverything(@TempDir Path folder) {
    app =
        RunningApp.withDatabase(
                folder,
                "MODEL_PATH",
                "digits",
                "INFERENCE_NATIVE_DIR",
                "target/native",
                "DATASETS_RETICULATE_CPU",
                "0ms",
                "DATASETS_RETICULATE_PAUSE",
                "0ms")
            .withModelLoaded();
    assertThat(scrape())
        .contains(
            "http_requests_total{method=\"DELETE\",path=\"/api/buckets/{id}\",status=\"500\"} 0.0")
        .contains(
            "http_requests_total{method=\"GET\",path=\"/api/buckets/{id}\",status=\"404\"} 0.0")
        .contains("db_query_errors_total{operation=\"dataset_insert\"} 0.0")
        .contains("db_query_duration_seconds_count{operation=\"dataset_insert\"} 0")
        .contains("dataset_reticulations_total{outcome=\"cancelled\"} 0.0")
        .contains("model_inference_errors_total{model=\"digits\",reason=\"queue_full\"} 0.0")
        .contains("model_inference_duration_seconds_count{model=\"digits\"} 0")
        .contains("log_events_total{level=\"error\"} 0.0")
        .contains("telemetry_dropped_total{reason=\"queue_full\",signal=\"logs\"} 0.0")
        .contains("http_requests_rejected_total{reason=\"overload\"} 0.0");
    app.put("/api/buckets/1", "x");
    app.get("/api/buckets/1");
    app.get("/api/buckets/2");
    app.delete("/api/buckets/1");
    app.delete("/api/buckets/1");
    app.get("/nowhere");
    app.send("POST", "/datasets?name=x", new byte[0]);
    app.send("POST", "/datasets/1/reticulate", new byte[0]);
    assertThat(app.predict(Digits.heldBack().get(0).png()).statusCode()).isEqualTo(200);
  }

  @AfterAll
  void close() {
    app.close();
  }

  @Test
  void theScrapeHoldsExactlyTheCatalogue() {
    Set<String> exposed =
        families(scrape()).filter(n -> !n.matches("(jvm|process)_.*")).collect(toSet());

    assertThat(exposed)
        .containsExactlyInAnyOrderElementsOf(
            catalogue().stream().filter(n -> !n.matches(OF_A_SHARED_STORE)).toList());
  }

  @Test
  void aSharedStoreHasMetricsOfItsOwnAlsoWhereItIsNotThere() throws IOException {
    String scrape = scrapeWithASharedStore();
    long series =
        count(scrape.lines().toList(), OF_A_SHARED_STORE, ".*")
            + count(scrape.lines().toList(), "http_requests_total.*503.*", ".*/buckets/.*");

    assertThat(families(scrape))
        .containsAll(catalogue().stream().filter(n -> n.matches(OF_A_SHARED_STORE)).toList());
    assertThat(scrape)
        .contains("storage_up 0.0", "storage_pool_connections{state=\"max\"} 16.0")
        .contains("storage_operation_errors_total{operation=\"put\",reason=\"full\"} 0.0")
        .contains("storage_operation_duration_seconds_count{operation=\"get\"} 0");
    assertThat(Files.readString(Path.of("../docs/metrics.md")))
        .contains("With a shared store come %d at the start".formatted(series));
  }

  private static String scrapeWithASharedStore() {
    try (RunningApp own = RunningApp.with("STORAGE_URL", "redis://127.0.0.1:1")) {
      return own.text("/metrics");
    }
  }

  @Test
  void theDocumentationHoldsExactlyWhatIsScraped() throws IOException {
    Pattern row = Pattern.compile("^\\| `([a-z_]+)` \\|");
    Set<String> documented =
        Files.readAllLines(Path.of("../docs/metrics.md")).stream()
            .map(row::matcher)
            .filter(m -> m.find())
            .map(m -> m.group(1))
            .collect(toSet());

    assertThat(documented).containsAll(catalogue());
    assertThat(families(scrape() + scrapeWithASharedStore()).collect(toSet()))
        .containsAll(documented);
  }

  @Test
  void theDocumentationNamesEveryOperationOfTheDatabase() throws IOException {
    String page = Files.readString(Path.of("../docs/metrics.md"));
    List<String> operations =
        Pattern.compile("db_query_errors_total\\{operation=\"(.*)\"\\}")
            .matcher(scrape())
            .results()
            .map(sample -> "`" + sample.group(1) + "`")
            .toList();

    assertThat(operations).contains("`dataset_insert`");
    assertThat(page).contains(operations);
  }

  @Test
  void theDocumentationNamesEveryReasonForNoPrediction() throws IOException {
    List<String> reasons =
        Pattern.compile("model_inference_errors_total\\{model=\"digits\",reason=\"(.*)\"\\}")
            .matcher(scrape())
            .results()
            .map(sample -> "`" + sample.group(1) + "`")
            .toList();

    assertThat(reasons).contains("`queue_full`");
    assertThat(Files.readString(Path.of("../docs/metrics.md"))).contains(reasons);
    assertThat(Files.readString(Path.of("../docs/inference.md"))).contains(reasons);
  }

  @Test
  void everyFamilyHasHelpAndTheLabelsOfTheCatalogue() {
    String scrape = scrape() + scrapeWithASharedStore();
    for (Metric metric : Metric.values()) {
      assertThat(scrape).contains("# HELP " + metric.exposedName() + " " + metric.help());
      for (String label : metric.labels()) {
        assertThat(scrape).containsPattern(metric.exposedName() + "[a-z_]*\\{.*" + label + "=\"");
      }
    }
  }

  @Test
  void everyRouteStartsWithItsDocumentedStatusesAt0() {
    String scrape = scrape();
    for (Route route : app.app.routes()) {
      for (int status : route.statuses()) {
        assertThat(scrape)
            .contains(
                "http_requests_total{method=\"%s\",path=\"%s\",status=\"%d\"}"
                    .formatted(route.method(), route.template(), status));
      }
    }
  }

  /**
   * Every route with every status that it documents, HEAD and OPTIONS included, and as many classes
   * as have names; and then every other method on every path.
   */
  @Test
  void theDocumentationCountsTheSeriesWhichStayWithinTheirBudget() throws IOException {
    List<String> series = scrape().lines().filter(line -> !line.startsWith("#")).toList();
    String put = ".*method=\"PUT\",path=\"/api/buckets/\\{id}\".*";
    long perStatus = count(series, "http_request(s_total|_duration_seconds_).*200.*", put);
    long perMethod = count(series, "http_re(quest|sponse)_size_bytes_.*", put);
    long java = count(series, "(jvm|process)_.*", ".*"); // differs between versions
    long perClass = count(series, "(model_predictions|prediction_confidence).*", ".*class=.*");
    String byRequest = "http_(requests_total|request_duration_seconds_|re(quest|sponse)_size_).*";
    long others =
        series.size() - java - count(series, byRequest, ".*") + CLASSES * perClass; // one was there
    Set<String> paths = new TreeSet<>(Set.of("unmatched"));
    Set<String> methods = new TreeSet<>(Set.of("GET unmatched"));
    Set<String> answers = new TreeSet<>(Set.of("GET unmatched 404"));
    Set<String> streams = new TreeSet<>(); // counted, without a duration
    for (Route route : app.app.routes()) {
      paths.add(route.template());
      for (String method : methods(route)) {
        methods.add(method + " " + route.template());
        boolean options = method.equals("OPTIONS");
        for (int status : options ? List.of(200) : route.statuses()) {
          (route.is(Route.Trait.STREAM) && !options ? streams : answers)
              .add(method + " " + route.template() + " " + status);
        }
      }
    }
    long touched =
        others + answers.size() * perStatus + streams.size() + methods.size() * perMethod;
    long more = paths.size() * (Request.METHODS.size() + 1L) - methods.size(); // and _OTHER
    long all = touched + more * (perStatus + perMethod);

    assertThat(perStatus).isEqualTo(19);
    assertThat(perMethod).isEqualTo(14);
    assertThat(perClass).isEqualTo(10);
    assertThat(touched + java).isBetween(1000L, BUDGET);
    assertThat(Files.readString(Path.of("../docs/metrics.md")))
        .contains("| %d |".formatted(touched), "| %d |".formatted(all));
  }

  private static List<String> methods(Route route) {
    return route.method().equals("GET")
        ? List.of("GET", "HEAD", "OPTIONS")
        : List.of(route.method(), "OPTIONS");
  }

  private static long count(List<String> series, String name, String labels) {
    return series.stream().filter(line -> line.matches(name) && line.matches(labels)).count();
  }

  @Test
  void theFormatFollowsAccept() {
    assertThat(type("text/plain")).startsWith("text/plain; version=0.0.4");
    assertThat(type("application/openmetrics-text")).startsWith("application/openmetrics-text");
    assertThat(
            type(
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"))
        .startsWith("application/vnd.google.protobuf");
  }

  private String type(String accept) {
    return RunningApp.header(app.get("/metrics", "Accept", accept), "Content-Type");
  }

  @Test
  void aScrapeIsCompressedWhenAskedFor() {
    byte[] plain = app.get("/metrics").body();
    var zipped = app.get("/metrics", "Accept-Encoding", "gzip");

    assertThat(RunningApp.header(zipped, "Content-Encoding")).isEqualTo("gzip");
    assertThat(zipped.body().length).isLessThan(plain.length / 4);
  }

  @Test
  void protobufCarriesNativeHistograms() {
    assertThat(app.text("/metrics?debug=prometheus-protobuf"))
        .containsPattern("name: \"http_request_duration_seconds\"[^\\x00]*schema: 5");
  }

  @Test
  void theStoreIsMeasured() {
    try (RunningApp own = RunningApp.with("STORAGE_MAX_BYTES", "8MiB")) {
      own.put("/api/buckets/1", "12345");
      own.put("/api/buckets/2", "12345");

      assertThat(own.text("/metrics"))
          .contains(
              "storage_objects 2.0", "storage_bytes 10.0", "storage_capacity_bytes 8388608.0");
    }
  }

  @Test
  void metricsAndLogTellTheSame() {
    try (RunningApp own = RunningApp.with()) {
      for (int i = 0; i < 50; i++) {
        own.put("/api/buckets/" + i, "x");
        own.get("/api/buckets/" + i);
      }
      for (int i = 0; i < 50; i++) {
        own.delete("/api/buckets/" + (i * 2));
      }
      await()
          .untilAsserted(
              () -> {
                assertThat(own.log()).filteredOn(l -> l.contains("path=/api/")).hasSize(150);
                for (String line :
                    List.of("PUT 200 50", "GET 200 50", "DELETE 500 25", "DELETE 400 25")) {
                  String[] part = line.split(" ", -1);
                  assertThat(own.log())
                      .filteredOn(
                          l ->
                              l.contains("method=" + part[0] + " path=/api/")
                                  && l.contains("status_code=" + part[1] + " dur"))
                      .hasSize(Integer.parseInt(part[2]));
                  assertThat(own.text("/metrics?name%5B%5D=http_requests_total"))
                      .contains(
                          "http_requests_total{method=\"%s\",path=\"/api/buckets/{id}\",status=\"%s\"} %s.0"
                              .formatted((Object[]) part));
                }
              });
    }
  }

  private String scrape() {
    return app.text("/metrics");
  }

  private static List<String> catalogue() {
    return Arrays.stream(Metric.values()).map(Metric::exposedName).toList();
  }

  private static Stream<String> families(String scrape) {
    return scrape.lines().filter(l -> l.startsWith("# TYPE ")).map(l -> l.split(" ", -1)[2]);
  }

  private static java.util.stream.Collector<String, ?, Set<String>> toSet() {
    return Collectors.toCollection(TreeSet::new);
  }
}
