package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ReceivedSpan;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What callers say of their trace, the honest ones and the others: W3C Trace Context. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TraceContextTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";
  private static final String PARENT = "traceparent: 00-" + TRACE + "-" + SPAN + "-01\r\n";

  private final TracedApp traced = TracedApp.with();
  private final RunningApp app = traced.app;

  @BeforeAll
  void store() {
    app.put("/api/buckets/1", "x");
  }

  @AfterAll
  void close() {
    traced.close();
  }

  @Test
  void theCallersSpanIsTheParentAndItsStateIsKept() {
    HttpResponse<byte[]> answer =
        app.get(
            "/api/buckets/1",
            "traceparent",
            "00-" + TRACE + "-" + SPAN + "-01",
            "tracestate",
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
            "baggage",
            "userId=alice,serverNode=DF%2028;ttl=3");

    ReceivedSpan span = traced.span(answer);
    assertThat(span.traceId()).isEqualTo(TRACE);
    assertThat(span.parentId()).isEqualTo(SPAN);
    assertThat(span.id()).isNotEqualTo(SPAN);
    assertThat(span.span().getTraceState()).isEqualTo("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
    assertThat(header(answer, "traceresponse")).isEqualTo("00-" + TRACE + "-" + span.id() + "-01");
    assertThat(span.attributes().values()).doesNotContain("alice");
  }

  @Test
  void whatTheCallerDoesNotSampleIsLoggedAndNotSent() {
    String trace = "11112222333344445555666677778888";
    HttpResponse<byte[]> unsampled =
        app.send(
            "POST", // nothing else here is: the series has no other exemplar
            "/api/buckets/1",
            new byte[0],
            "traceparent",
            "00-" + trace + "-" + SPAN + "-00");
    Map<String, String> line = traced.line(unsampled);
    ReceivedSpan later = traced.span(app.get("/api/buckets/1"));

    assertThat(later.traceId()).isNotEqualTo(trace);
    assertThat(traced.backend.trace(trace)).isEmpty();
    assertThat(line).containsEntry("trace_id", trace);
    assertThat(header(unsampled, "traceresponse"))
        .isEqualTo("00-" + trace + "-" + line.get("span_id") + "-00");
    assertThat(line.get("span_id")).matches("[0-9a-f]{16}").isNotEqualTo(SPAN);
    String metrics = traced.openMetrics();
    assertThat(metrics.lines())
        .filteredOn(one -> one.startsWith("http_request") && one.contains("method=\"POST\""))
        .filteredOn(one -> one.contains("_bucket{") && one.contains("path=\"/api/buckets/{id}\""))
        .isNotEmpty()
        .noneMatch(one -> one.contains(" # {"));
    assertThat(metrics).contains(" # {").doesNotContain(trace);
  }

  private static Arguments starts(String name, String... headers) {
    return Arguments.of(name, false, String.join("", headers));
  }

  private static Arguments keeps(String name, String... headers) {
    return Arguments.of(name, true, String.join("", headers));
  }

  private static String parent(String value) {
    return "traceparent: " + value + "\r\n";
  }

  private static String members(int count) {
    List<String> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add("k" + i + "=v");
    }
    return String.join(",", members);
  }

  static List<Arguments> headers() {
    String ids = TRACE + "-" + SPAN;
    return List.of(
        keeps("as it should be", PARENT),
        starts("none"),
        starts("empty", parent("")),
        starts("one digit less", parent("00-" + TRACE.substring(1) + "-" + SPAN + "-01")),
        starts("one digit more", parent("00-a" + ids + "-01")),
        starts("a short span", parent("00-" + TRACE + "-" + SPAN.substring(1) + "-01")),
        starts("upper case", parent("00-" + TRACE.toUpperCase(Locale.ROOT) + "-" + SPAN + "-01")),
        starts("upper case in the span", parent("00-" + TRACE + "-00F067AA0BA902B7-01")),
        starts("no trace", parent("00-" + "0".repeat(32) + "-" + SPAN + "-01")),
        starts("no span", parent("00-" + TRACE + "-" + "0".repeat(16) + "-01")),
        starts("version ff", parent("ff-" + ids + "-01")),
        starts("version of no digits", parent("0x-" + ids + "-01")),
        starts("flags of no digits", parent("00-" + ids + "-0g")),
        starts("no flags", parent("00-" + ids)),
        starts("more than version 00 has", parent("00-" + ids + "-01-more")),
        starts("not hexadecimal", parent("00-" + "z".repeat(32) + "-" + SPAN + "-01")),
        starts("other dashes", parent("00_" + TRACE + "_" + SPAN + "_01")),
        starts("8 KB", parent("00-" + "a".repeat(8000) + "-" + SPAN + "-01")),
        starts("bytes beyond ASCII", parent("00-\u00ff\u00fe\u0080-" + SPAN + "-01")),
        starts("two", PARENT, parent("00-" + TRACE + "-1111111111111111-01")),
        starts("two that agree", PARENT, PARENT),
        starts("two in one", parent("00-" + ids + "-01,00-" + ids + "-01")),
        starts("tracestate alone", "tracestate: a=b\r\n"),
        keeps("a later version with more", parent("cc-" + ids + "-01-what-comes-later")),
        keeps("a header in upper case", PARENT.replace("traceparent", "TraceParent")),
        keeps("8 KB of tracestate", PARENT, "tracestate: a=" + "b".repeat(8000) + "\r\n"),
        keeps("33 members of tracestate", PARENT, "tracestate: " + members(33) + "\r\n"),
        keeps("tracestate of nonsense", PARENT, "tracestate: =,;,==,\u00e4=\u00ff\t,a\r\n"),
        keeps("twice tracestate", PARENT, "tracestate: a=b\r\n", "tracestate: a=c\r\n"),
        keeps("8 KB of baggage", PARENT, "baggage: a=" + "b".repeat(8000) + "\r\n"),
        keeps("baggage of many", PARENT, "baggage: " + members(1000) + "\r\n"),
        keeps("baggage of nonsense", PARENT, "baggage: =;=,,%%%,%ff=%,\u00ff=\t;;;,a\r\n"),
        starts("baggage alone", "baggage: a=%zz\r\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("headers")
  void aBrokenHeaderStartsANewTraceAndHarmsNothing(String name, boolean kept, String headers) {
    try (RawClient client = RawClient.connect(app.app.port())) {
      client.write("GET /api/buckets/1 HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
      Answer answer = client.answer();

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("x");
      String[] response = answer.header("traceresponse").split("-", -1);
      ReceivedSpan span = traced.backend.await(one -> one.id().equals(response[2]));
      assertThat(span.traceId()).isEqualTo(response[1]).matches("(?=.*[1-9a-f])[0-9a-f]{32}");
      assertThat(span.traceId().equals(TRACE)).isEqualTo(kept);
      assertThat(span.parentId()).isEqualTo(kept ? SPAN : "");
    }
  }

  /** As in any header (RFC 9110, 5.5): it is the request that is refused, in a trace of its own. */
  @Test
  void aControlCharacterIsRefusedAsInAnyHeader() {
    try (RawClient client = RawClient.connect(app.app.port())) {
      String broken = parent("00-\u0001" + TRACE.substring(1) + "-" + SPAN + "-01");
      client.write("GET /api/buckets/1 HTTP/1.1\r\nHost: x\r\n" + broken + "\r\n");
      Answer answer = client.answer();

      assertThat(answer.status()).isEqualTo(400);
      String id = answer.header("traceresponse").split("-", -1)[2];
      ReceivedSpan span = traced.backend.await(one -> one.id().equals(id));
      assertThat(span.parentId()).isEmpty();
      assertThat(span.event("request.refused"))
          .containsExactlyEntriesOf(Map.of("reason", "malformed"));
    }
  }
}
