package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.TestServer;
import dev.storageapi.testing.TraceBackend;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes wrong while a request is served, in its span; the routes are the test's. */
class TraceErrorsTest {

  private final TraceBackend backend = TraceBackend.start();

  @AfterEach
  void close() {
    backend.close();
  }

  private TestServer server(int concurrent, Route... routes) {
    Map<String, String> otel =
        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", backend.url(), "OTEL_BSP_SCHEDULE_DELAY", "50");
    return new TestServer(otel, concurrent, Duration.ZERO, routes);
  }

  private ReceivedSpan get(TestServer server, String path, int status) {
    try (RawClient client = RawClient.connect(server.port())) {
      client.write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
      Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(status);
      String id = answer.header("traceresponse").split("-", -1)[2];
      ReceivedSpan span = backend.await(one -> one.id().equals(id));
      assertThat(span.attribute("http.response.status_code")).isEqualTo((long) status);
      return span;
    }
  }

  private static Response fail(RuntimeException e) {
    throw e;
  }

  private static Response fail(Error e) {
    throw e;
  }

  @Test
  void anUnexpectedExceptionIsRecordedOnceAndIsTheTypeOfTheError() {
    try (TestServer server =
        server(
            8,
            Route.get("/exception", request -> fail(new IllegalStateException("cracked"))),
            Route.get("/error", request -> fail(new AssertionError("cracked"))))) {
      ReceivedSpan exception = get(server, "/exception", 500);
      ReceivedSpan error = get(server, "/error", 500);

      assertThat(exception.isError()).isTrue();
      assertThat(exception.attribute("error.type")).isEqualTo("java.lang.IllegalStateException");
      assertThat(exception.events()).containsExactly("exception");
      assertThat(exception.event("exception"))
          .containsEntry("exception.type", "java.lang.IllegalStateException")
          .containsEntry("exception.message", "cracked")
          .containsKey("exception.stacktrace");
      assertThat(error.attribute("error.type")).isEqualTo("java.lang.AssertionError");
      assertThat(error.events()).containsExactly("exception");
      assertThat(server.lines())
          .filteredOn(line -> line.contains("lvl=[ERROR]"))
          .hasSize(2)
          .anyMatch(line -> line.contains(" trace_id=" + exception.traceId()))
          .anyMatch(line -> line.contains(" span_id=" + error.id()));
    }
  }

  @Test
  void anAnswerThatBreaksOffIsAnErrorOfItsStatus() {
    try (TestServer server =
        server(
            8,
            Route.get(
                "/stream",
                request ->
                    Response.stream(
                        "text/plain",
                        out -> {
                          throw new IllegalStateException("cracked");
                        })))) {
      try (RawClient client = RawClient.connect(server.port())) {
        client.write("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        client.readUntilClosed(Duration.ofSeconds(10));
      }
      ReceivedSpan span = backend.await("GET /stream");

      assertThat(span.isError()).isTrue();
      assertThat(span.attribute("error.type")).isEqualTo("500");
      assertThat(server.lines())
          .filteredOn(line -> line.contains("lvl=[ERROR]"))
          .singleElement()
          .asString()
          .contains("trace_id=" + span.traceId(), "span_id=" + span.id());
    }
  }

  @Test
  void whoeverIsShedFindsWhyInTheSpan() {
    try (TestServer server = server(0, Route.get("/fine", r -> Response.text(200, "fine")))) {
      ReceivedSpan span = get(server, "/fine", 503);

      assertThat(span.events()).containsExactly("request.refused");
      assertThat(span.event("request.refused"))
          .containsExactlyEntriesOf(Map.of("reason", "overload"));
      assertThat(span.isError()).isTrue();
      assertThat(span.attribute("error.type")).isEqualTo("503");
    }
  }

  @Test
  void whatIsRefusedForItsFormIsNoErrorAndWhatItsHandlerRefusesIsNoEvent() {
    try (TestServer server =
        server(
            8,
            Route.get("/fine", request -> Response.text(200, "fine")),
            Route.get("/no", request -> fail(new Refusal(404, "There is none."))))) {
      ReceivedSpan refused = get(server, "/fine?" + "q".repeat(8200), 414);
      ReceivedSpan handled = get(server, "/no", 404);

      assertThat(refused.event("request.refused"))
          .containsExactlyEntriesOf(Map.of("reason", "target_too_long"));
      assertThat(handled.events()).isEmpty();
      for (ReceivedSpan span : List.of(refused, handled)) {
        assertThat(span.isError()).isFalse();
        assertThat(span.attributes()).doesNotContainKey("error.type");
      }
    }
  }
}
