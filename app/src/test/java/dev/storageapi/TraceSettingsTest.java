package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.TraceBackend;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The standard environment of OpenTelemetry, and ours. */
class TraceSettingsTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00-" + TRACE + "-00f067aa0ba902b7-01";

  private static void assertOff(String... settings) {
    try (TraceBackend backend = TraceBackend.start()) {
      try (RunningApp app = RunningApp.with(settings(backend, settings))) {
        HttpResponse<byte[]> answer = app.put("/api/buckets/1", "x");
        HttpResponse<byte[]> called = app.get("/api/buckets/1", "traceparent", PARENT);
        HttpResponse<byte[]> broken = app.get("/api/buckets/1", "traceparent", "00-" + TRACE);

        for (HttpResponse<byte[]> each : List.of(answer, called, broken)) {
          assertThat(each.statusCode()).isEqualTo(200);
          assertThat(header(each, "traceresponse")).isNull();
        }
        TracedApp off = TracedApp.of(app, backend);
        assertThat(off.line(answer)).containsEntry("trace_id", "").containsEntry("span_id", "");
        assertThat(off.line(called)).containsEntry("trace_id", TRACE).containsEntry("span_id", "");
        assertThat(off.line(broken)).containsEntry("trace_id", "").containsEntry("span_id", "");
        assertThat(app.text("/info")).contains("\"traces\":\"off\"");
        assertThat(off.openMetrics()).doesNotContain(" # {");
      }
      assertThat(backend.asked()).isZero();
    }
  }

  private static String[] settings(TraceBackend backend, String... settings) {
    return List.of(settings).stream()
        .map(setting -> setting.equals("URL") ? backend.url() : setting)
        .toArray(String[]::new);
  }

  @Test
  void withoutABackEndNothingIsTracedAndTheCallersIdIsStillLogged() {
    assertOff();
    assertOff("OTEL_SERVICE_NAME", "shop");
  }

  @Test
  void itCanBeSwitchedOffAlthoughThereIsABackEnd() {
    assertOff("OTEL_EXPORTER_OTLP_ENDPOINT", "URL", "OTEL_SDK_DISABLED", "true");
    assertOff("OTEL_EXPORTER_OTLP_ENDPOINT", "URL", "OTEL_TRACES_EXPORTER", "none");
  }

  @Test
  void infoNamesWhereTheTracesGo() {
    try (TracedApp traced = TracedApp.with()) {
      assertThat(traced.app.text("/info")).contains("\"traces\":\"otlp\"");
    }
  }

  @Test
  void theEndpointOfTracesAloneIsUsedAsItIs() {
    try (TraceBackend backend = TraceBackend.start();
        RunningApp app =
            RunningApp.with(
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                backend.url() + "/v1/traces",
                "OTEL_BSP_SCHEDULE_DELAY",
                "50")) {
      app.get("/nowhere");

      assertThat(backend.await("GET").attribute("url.path")).isEqualTo("/nowhere");
    }
  }

  @Test
  void theResourceSaysWhatRunsWhere() {
    try (TracedApp traced = TracedApp.with("ENVIRONMENT", "staging")) {
      assertThat(traced.span(traced.app.get("/nowhere")).resource())
          .containsEntry("service.name", "storage-api")
          .containsEntry("service.version", "dev")
          .containsEntry("deployment.environment.name", "staging")
          .containsEntry("telemetry.sdk.language", "java");
    }
  }

  @Test
  void theEnvironmentsResourceWins() {
    try (TracedApp traced =
        TracedApp.with(
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=fromlist,service.version=9,deployment.environment.name=moon,team=a%20b",
            "OTEL_SERVICE_NAME",
            "shop")) {
      assertThat(traced.span(traced.app.get("/nowhere")).resource())
          .containsEntry("service.name", "shop")
          .containsEntry("service.version", "9")
          .containsEntry("deployment.environment.name", "moon")
          .containsEntry("team", "a b");
    }
    try (TracedApp traced = TracedApp.with("OTEL_RESOURCE_ATTRIBUTES", "service.name=fromlist")) {
      assertThat(traced.span(traced.app.get("/nowhere")).resource())
          .containsEntry("service.name", "fromlist")
          .containsEntry("service.version", "dev");
    }
  }

  @Test
  void headersAndCompressionAreAsTheEnvironmentSays() {
    try (TracedApp traced =
        TracedApp.with(
            "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20token,x-tenant=7",
            "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")) {
      traced.span(traced.app.get("/nowhere"));

      var headers = traced.backend.headers().get(0);
      assertThat(headers.getFirst("Authorization")).isEqualTo("Bearer token");
      assertThat(headers.getFirst("X-Tenant")).isEqualTo("7");
      assertThat(headers.getFirst("Content-Encoding")).isEqualTo("gzip");
      assertThat(headers.getFirst("Content-Type")).isEqualTo("application/x-protobuf");
      assertThat(traced.app.log()).noneMatch(line -> line.contains("token"));
    }
  }

  @Test
  void probesAreNotTraced() {
    try (TracedApp traced = TracedApp.with()) {
      for (String probe : List.of("/health", "/ready", "/ready/storage", "/metrics")) {
        HttpResponse<byte[]> answer = traced.app.get(probe, "traceparent", PARENT);
        assertThat(header(answer, "traceresponse")).as(probe).isNull();
        assertThat(traced.line(answer)).containsEntry("trace_id", TRACE);
      }
      ReceivedSpan later = traced.span(traced.app.get("/info"));

      assertThat(traced.backend.spans()).containsExactly(later);
    }
  }

  @Test
  void probesAreTracedIfThatIsWanted() {
    try (TracedApp traced = TracedApp.with("TRACES_PROBES", "true")) {
      for (String probe : List.of("/health", "/ready", "/ready/storage", "/metrics")) {
        assertThat(traced.span(traced.app.get(probe)).attribute("url.path")).isEqualTo(probe);
      }
    }
  }

  @Test
  void aSamplerThatTakesNothingLeavesIdsInTheLog() {
    try (TracedApp traced = TracedApp.with("OTEL_TRACES_SAMPLER", "always_off")) {
      HttpResponse<byte[]> answer = traced.app.get("/nowhere", "traceparent", PARENT);

      assertThat(traced.line(answer)).containsEntry("trace_id", TRACE);
      assertThat(header(answer, "traceresponse"))
          .isEqualTo("00-" + TRACE + "-" + traced.line(answer).get("span_id") + "-00");
      assertThat(traced.openMetrics()).doesNotContain(" # {");
      traced.end();
      assertThat(traced.backend.asked()).isZero();
    }
  }

  /** A quarter of the ids: so far from 100 of 400 is one in a hundred million. */
  @Test
  void aRatioOfTheTracesIsTaken() {
    try (TracedApp traced =
        TracedApp.with(
            "OTEL_TRACES_SAMPLER", "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG", "0.25")) {
      long sampled = 0;
      for (int i = 0; i < 400; i++) {
        String flags = header(traced.app.get("/nowhere"), "traceresponse").split("-", -1)[3];
        sampled += Integer.parseInt(flags, 16) & 1;
      }
      traced.end();

      assertThat(sampled).isBetween(50L, 150L);
      assertThat(traced.backend.spans()).hasSize((int) sampled);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "OTEL_EXPORTER_OTLP_PROTOCOL, grpc, OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not supported",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, grpc, http/protobuf",
    "OTEL_EXPORTER_OTLP_PROTOCOL, morse, morse",
    "OTEL_TRACES_SAMPLER, sometimes, sometimes",
    "OTEL_TRACES_EXPORTER, pigeon, pigeon",
    "OTEL_PROPAGATORS, smoke, smoke",
    "OTEL_BSP_SCHEDULE_DELAY, soon, OTEL_BSP_SCHEDULE_DELAY=soon",
    "OTEL_BSP_MAX_QUEUE_SIZE, many, many",
    "OTEL_BSP_MAX_QUEUE_SIZE, 0, must be positive",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, ftp://example, ftp",
    "OTEL_RESOURCE_ATTRIBUTES, nonsense, OTEL_RESOURCE_ATTRIBUTES"
  })
  void whatCannotBeMeantStopsTheStart(String name, String value, String words) {
    try (TraceBackend backend = TraceBackend.start()) {
      assertThatThrownBy(() -> TracedApp.to(backend, name, value))
          .isInstanceOf(InvalidConfiguration.class)
          .hasMessageContaining(words);
    }
  }
}
