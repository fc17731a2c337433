package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static io.opentelemetry.proto.trace.v1.Span.SpanKind.SPAN_KIND_SERVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.ReceivedSpan;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The span of a request, by OpenTelemetry's conventions for HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerSpanTest {

  private final TracedApp traced = TracedApp.with();
  private final RunningApp app = traced.app;

  @AfterAll
  void close() {
    traced.close();
  }

  @Test
  void aRequestIsASpanWithTheAttributesOfTheConventions() {
    HttpResponse<byte[]> answer = app.put("/api/buckets/7?a=b&c=d%20e", "hello");

    ReceivedSpan span = traced.span(answer);
    assertThat(span.name()).isEqualTo("PUT /api/buckets/{id}");
    assertThat(span.kind()).isEqualTo(SPAN_KIND_SERVER);
    assertThat(span.parentId()).isEmpty();
    assertThat(span.isError()).isFalse();
    assertThat(span.events()).isEmpty();
    String agent = "Java-http-client/" + System.getProperty("java.version");
    Map<String, Object> attributes = new HashMap<>(span.attributes());
    attributes.remove("exemplar"); // of what Prometheus has taken as one
    assertThat(attributes)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("http.request.method", "PUT"),
                Map.entry("http.route", "/api/buckets/{id}"),
                Map.entry("http.response.status_code", 200L),
                Map.entry("http.request.body.size", 5L),
                Map.entry("http.response.body.size", 0L),
                Map.entry("url.path", "/api/buckets/7"),
                Map.entry("url.query", "a=b&c=d%20e"),
                Map.entry("url.scheme", "http"),
                Map.entry("server.address", "127.0.0.1"),
                Map.entry("server.port", (long) app.app.port()),
                Map.entry("client.address", "127.0.0.1"),
                Map.entry("network.protocol.version", "1.1"),
                Map.entry("user_agent.original", agent),
                Map.entry("request_id", header(answer, "X-Request-ID"))));
  }

  @Test
  void theSizesAreThoseOfTheBodies() {
    app.put("/api/buckets/sizes", "x".repeat(100_000));

    ReceivedSpan span = traced.span(app.get("/api/buckets/sizes"));

    assertThat(span.attribute("http.request.body.size")).isEqualTo(0L);
    assertThat(span.attribute("http.response.body.size")).isEqualTo(100_000L);
  }

  @Test
  void whatHasNoRouteIsNamedByItsMethodAlone() {
    ReceivedSpan span = traced.span(app.get("/nowhere/4711"));

    assertThat(span.name()).isEqualTo("GET");
    assertThat(span.attributes()).doesNotContainKey("http.route");
    assertThat(span.attribute("url.path")).isEqualTo("/nowhere/4711");
    assertThat(span.attribute("http.response.status_code")).isEqualTo(404L);
  }

  @Test
  void anUnknownMethodIsOther() {
    ReceivedSpan span = traced.span(app.send("BREW", "/api/buckets/1", new byte[0]));

    assertThat(span.name()).isEqualTo("HTTP /api/buckets/{id}");
    assertThat(span.attribute("http.request.method")).isEqualTo("_OTHER");
    assertThat(span.attribute("http.request.method_original")).isEqualTo("BREW");
    assertThat(span.attribute("http.response.status_code")).isEqualTo(405L);
  }

  @Test
  void theFaultOfTheClientIsNoError() {
    for (var answer : List.of(app.get("/nowhere"), app.delete("/api/buckets/absent"))) {
      ReceivedSpan span = traced.span(answer);
      assertThat(span.attribute("http.response.status_code")).isIn(400L, 404L);
      assertThat(span.isError()).isFalse();
      assertThat(span.attributes()).doesNotContainKey("error.type");
    }
  }

  @Test
  void theDeliberate500IsAnErrorAndItsWarningBearsTheSameIds() {
    app.put("/api/buckets/doomed", "x");
    HttpResponse<byte[]> answer = app.delete("/api/buckets/doomed");

    ReceivedSpan span = traced.span(answer);
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(span.isError()).isTrue();
    assertThat(span.attribute("error.type")).isEqualTo("500");
    assertThat(span.events()).isEmpty();
    Map<String, String> warning =
        traced.line("the object is deleted", header(answer, "X-Request-ID"));
    assertThat(warning)
        .containsEntry("bucket_id", "doomed")
        .containsEntry("trace_id", span.traceId())
        .containsEntry("span_id", span.id());
  }

  @Test
  void theAnswerAndTheAccessLogNameTheSpanAndTheDurationIsTheSame() {
    for (int i = 0; i < 20; i++) {
      HttpResponse<byte[]> answer = app.put("/api/buckets/" + i, "x".repeat(i * 1000));
      ReceivedSpan span = traced.span(answer);

      assertThat(header(answer, "traceresponse"))
          .isEqualTo("00-" + span.traceId() + "-" + span.id() + "-03"); // sampled, random
      Map<String, String> line = traced.line(answer);
      assertThat(line)
          .containsEntry("trace_id", span.traceId())
          .containsEntry("span_id", span.id());
      assertThat(Double.parseDouble(line.get("duration_ms")))
          .isCloseTo(span.nanos() / 1e6, within(0.000_51)); // rounded to a microsecond
    }
  }

  @Test
  void theServerIsWhomTheClientMeant() {
    assertServer("api.example", "api.example", null);
    assertServer("api.example:8080", "api.example", 8080L);
    assertServer("[::1]:8080", "::1", 8080L);
    assertServer("[::1]", "::1", null);
  }

  private void assertServer(String host, String address, Long port) {
    try (RawClient client = RawClient.connect(app.app.port())) {
      client.write(
          "GET /api/buckets/" + host.hashCode() + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
      String id = client.answer().header("traceresponse").split("-", -1)[2];
      ReceivedSpan span = traced.backend.await(one -> one.id().equals(id));
      assertThat(span.attribute("server.address")).isEqualTo(address);
      assertThat(span.attribute("server.port")).isEqualTo(port);
      assertThat(span.attributes()).doesNotContainKey("user_agent.original");
    }
  }

  @Test
  void whatAClientSendsIsCutToAMeasure() {
    HttpResponse<byte[]> answer = app.get("/api/buckets/1?" + "q".repeat(6000));

    assertThat((String) traced.span(answer).attribute("url.query")).hasSize(1024);
  }

  @Test
  void aClientThatGoesIsNoErrorOfTheServer() {
    assertThat(app.put("/api/buckets/large", "x".repeat(4 << 20)).statusCode()).isEqualTo(200);
    try (RawClient client = RawClient.connect(app.app.port(), 4096)) {
      client.write("GET /api/buckets/large HTTP/1.1\r\nHost: gone\r\n\r\n");
    }

    ReceivedSpan span = traced.backend.await(one -> "gone".equals(one.attribute("server.address")));

    assertThat(span.attribute("http.response.status_code")).isEqualTo(499L);
    assertThat(span.isError()).isFalse();
  }
}
