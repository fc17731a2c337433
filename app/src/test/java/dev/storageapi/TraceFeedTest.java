package dev.storageapi;

import static io.opentelemetry.proto.trace.v1.Span.SpanKind.SPAN_KIND_CLIENT;
import static io.opentelemetry.proto.trace.v1.Span.SpanKind.SPAN_KIND_SERVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.TestUpstream;
import dev.storageapi.testing.TraceBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fetch of the feed: a trace of its own, which goes on at the other side. */
class TraceFeedTest {

  private final TraceBackend backend = TraceBackend.start();
  @TempDir private Path folder;
  private String database;

  @BeforeEach
  void empty() {
    database = "jdbc:h2:file:" + folder.resolve("storage");
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private RunningFeed feed(int upstream) {
    return RunningFeed.of(upstream, database, TracedApp.settings(backend));
  }

  private ReceivedSpan awaitFetch(String outcome) {
    return backend.await(
        (ReceivedSpan span) ->
            span.name().equals("feed fetch") && outcome.equals(span.attribute("feed.outcome")));
  }

  private ReceivedSpan child(ReceivedSpan parent, String name) {
    return backend.await(
        (ReceivedSpan span) -> span.name().equals(name) && span.parentId().equals(parent.id()));
  }

  @Test
  void aFetchGoesFromItsRootThroughTheRequestToTheUpstream() {
    try (RunningSimulator simulator = RunningSimulator.with(TracedApp.settings(backend));
        RunningFeed feed = feed(simulator.port())) {
      ReceivedSpan fetch = awaitFetch("success");
      ReceivedSpan get = child(fetch, "GET");
      ReceivedSpan upstream = child(get, "GET /documents");
      ReceivedSpan commit = child(fetch, "commit");

      String url = "http://127.0.0.1:" + simulator.port() + "/documents";
      assertThat(fetch.parentId()).isEmpty();
      assertThat(fetch.isError()).isFalse();
      assertThat(get.kind()).isEqualTo(SPAN_KIND_CLIENT);
      assertThat(get.attributes())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  "http.request.method",
                  "GET",
                  "url.full",
                  url,
                  "server.address",
                  "127.0.0.1",
                  "server.port",
                  (long) simulator.port(),
                  "network.peer.address",
                  "127.0.0.1",
                  "http.response.status_code",
                  200L));
      assertThat(upstream.kind()).isEqualTo(SPAN_KIND_SERVER);
      assertThat(upstream.resource()).containsEntry("service.name", "storage-api-simulator");
      assertThat(upstream.traceId()).isEqualTo(fetch.traceId());
      assertThat(commit.kind()).isEqualTo(SPAN_KIND_CLIENT);
      assertThat(commit.within(fetch)).isTrue();
      assertThat(get.within(fetch)).isTrue();
      assertThat(feed.app.log())
          .filteredOn(line -> line.contains("msg=\"fetched\""))
          .first()
          .asString()
          .contains("trace_id=" + fetch.traceId(), "span_id=" + fetch.id());
    }
  }

  @Test
  void eachFetchPointsToTheOneBefore() {
    try (RunningSimulator simulator = RunningSimulator.with();
        RunningFeed feed = feed(simulator.port())) {
      feed.awaitFetch();
      ReceivedSpan first = awaitFetch("success");
      ReceivedSpan second = backend.await((ReceivedSpan span) -> span.links().contains(first.id()));

      assertThat(first.links()).isEmpty();
      assertThat(second.name()).isEqualTo("feed fetch");
      assertThat(second.links()).containsExactly(first.id());
      assertThat(second.traceId()).isNotEqualTo(first.traceId());
      assertThat(second.parentId()).isEmpty();
    }
  }

  @Test
  void theUpstreamIsToldTheTrace() {
    try (TestUpstream upstream = TestUpstream.start();
        RunningFeed feed = feed(upstream.port())) {
      feed.awaitFetch();
      ReceivedSpan get = child(awaitFetch("success"), "GET");

      List<String> told = upstream.asked().get(0).headers().get("traceparent");
      assertThat(told).containsExactly("00-" + get.traceId() + "-" + get.id() + "-03");
    }
  }

  @Test
  void withoutTracesTheUpstreamIsToldNothing() {
    try (TestUpstream upstream = TestUpstream.start();
        RunningFeed feed = RunningFeed.of(upstream.port(), database)) {
      feed.awaitFetch();

      assertThat(upstream.asked().get(0).headers())
          .doesNotContainKeys("Traceparent", "Tracestate", "Baggage");
    }
  }

  @Test
  void aFetchThatFailsIsAnErrorAndSoIsItsRequest() {
    try (TestUpstream upstream = TestUpstream.start();
        RunningFeed feed = feed(upstream.port())) {
      upstream.says(() -> new TestUpstream.Answer(500, ""));
      feed.awaitFetch("upstream_error");
      ReceivedSpan fetch = awaitFetch("upstream_error");
      ReceivedSpan get = child(fetch, "GET");

      assertThat(fetch.isError()).isTrue();
      assertThat(fetch.attribute("error.type")).isEqualTo("upstream_error");
      assertThat(fetch.span().getStatus().getMessage()).contains("500");
      assertThat(get.isError()).isTrue();
      assertThat(get.attribute("error.type")).isEqualTo("500");
      assertThat(get.attribute("http.response.status_code")).isEqualTo(500L);
    }
  }

  @Test
  void anAnswerThatDoesNotComeIsAnErrorOfTheException() {
    try (TestUpstream upstream = TestUpstream.start()) {
      upstream.says(() -> new TestUpstream.Answer(200, "{}", Map.of(), Duration.ofMinutes(1)));
      String[] settings =
          TracedApp.settings(backend, "FEED_TIMEOUT", "300ms", "FEED_CONNECT_TIMEOUT", "300ms");
      try (RunningFeed feed = RunningFeed.of(upstream.port(), database, settings)) {
        ReceivedSpan fetch = awaitFetch("timeout");
        ReceivedSpan get = child(fetch, "GET");

        assertThat(feed.fetches("timeout")).isPositive();
        assertThat(fetch.attribute("error.type")).isEqualTo("timeout");
        assertThat(get.isError()).isTrue();
        assertThat((String) get.attribute("error.type")).endsWith("TimeoutException");
        assertThat(get.attributes()).doesNotContainKey("http.response.status_code");
      }
    }
  }

  @Test
  void aRedirectIsARequestOfItsOwn() {
    try (RunningSimulator simulator =
            RunningSimulator.with("SIMULATOR_MODE", "moved", "SIMULATOR_QUOTA", "100000");
        RunningFeed feed = feed(simulator.port())) {
      feed.awaitFetch();
      ReceivedSpan fetch = awaitFetch("success");
      ReceivedSpan again =
          backend.await(
              (ReceivedSpan span) ->
                  span.parentId().equals(fetch.id())
                      && span.attributes().containsKey("http.request.resend_count"));

      assertThat(again.attribute("http.request.resend_count")).isEqualTo(1L);
      assertThat((String) again.attribute("url.full")).endsWith("/documents/moved");
      assertThat(child(fetch, "GET").attribute("http.response.status_code")).isEqualTo(302L);
    }
  }
}
