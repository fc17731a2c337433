package dev.storageapi;

import static io.opentelemetry.proto.trace.v1.Span.SpanKind.SPAN_KIND_CLIENT;
import static io.opentelemetry.proto.trace.v1.Span.SpanKind.SPAN_KIND_INTERNAL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.ReceivedSpan;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The steps of a request, each a span within it. */
class TraceStepsTest {

  private static final byte[] DIGIT = Digits.heldBack().get(0).png();

  @TempDir private Path folder;

  private static void assertWithin(ReceivedSpan request, List<ReceivedSpan> steps) {
    assertThat(steps)
        .allSatisfy(
            step -> {
              assertThat(step.traceId()).isEqualTo(request.traceId());
              assertThat(step.within(request)).as(step.name()).isTrue();
              assertThat(step.resource()).isEqualTo(request.resource());
            });
  }

  @Test
  void aStatementIsASpanWithItsNameAndItsTextWithoutValues() {
    try (TracedApp traced = TracedApp.withDatabase(folder)) {
      HttpResponse<byte[]> answer = traced.app.send("POST", "/datasets?name=secret", new byte[0]);

      ReceivedSpan request = traced.span(answer);
      List<ReceivedSpan> steps = traced.children(request);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertWithin(request, steps);
      assertThat(steps).extracting(ReceivedSpan::name).containsExactly("dataset_insert");
      ReceivedSpan insert = steps.get(0);
      assertThat(insert.kind()).isEqualTo(SPAN_KIND_CLIENT);
      assertThat(insert.isError()).isFalse();
      assertThat(insert.attribute("db.system.name")).isEqualTo("h2database");
      assertThat(insert.attribute("db.query.summary")).isEqualTo("dataset_insert");
      assertThat(insert.attribute("db.query.text"))
          .isEqualTo("INSERT INTO datasets (name) VALUES (?)");
      assertThat(insert.span().toString()).doesNotContain("secret");
    }
  }

  @Test
  void aTransactionIsItsStatementsAndTheCommit() {
    try (TracedApp traced = TracedApp.withDatabase(folder)) {
      byte[] item = "{\"title\":\"x\"}".getBytes(UTF_8);
      ReceivedSpan request = traced.span(traced.app.send("POST", "/feed/items", item));

      List<ReceivedSpan> steps = traced.children(request);
      assertWithin(request, steps);
      assertThat(steps).extracting(ReceivedSpan::name).contains("feed_insert").endsWith("commit");
      assertThat(steps.get(steps.size() - 1).attributes()).doesNotContainKey("db.query.text");
    }
  }

  @Test
  void aStatementThatFailsIsAnErrorThatHoldsNothingOfTheClients() throws SQLException {
    try (TracedApp traced = TracedApp.withDatabase(folder)) {
      byte[] item = "{\"id\":\"secret-4711\",\"title\":\"secret-4712\"}".getBytes(UTF_8);
      traced.app.send("POST", "/feed/items", item);
      HttpResponse<byte[]> twice = traced.app.send("POST", "/feed/items", item);
      dropFeedItems();
      HttpResponse<byte[]> broken = traced.app.send("POST", "/feed/items", item);

      assertThat(twice.statusCode()).isEqualTo(409);
      assertThat(traced.span(twice).isError()).isFalse();
      assertThat(traced.children(traced.span(twice))) // an answer like others
          .noneMatch(ReceivedSpan::isError)
          .anyMatch(span -> "23505".equals(span.attribute("db.response.status_code")));
      assertThat(broken.statusCode()).isEqualTo(500);
      ReceivedSpan request = traced.span(broken);
      assertFailed(traced, request, "42S02");
      assertThat(request.isError()).isTrue();
      assertThat(request.events()).containsExactly("exception");
      assertThat(request.attribute("error.type"))
          .isEqualTo("dev.storageapi.database.DatabaseFailure");
      assertThat(request.span().toString()).doesNotContain("secret-");
    }
  }

  private void dropFeedItems() throws SQLException {
    try (Connection connection = Engine.H2.connect(Engine.H2.emptyDatabase(folder));
        Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE feed_items");
    }
  }

  private static void assertFailed(TracedApp traced, ReceivedSpan request, String state) {
    List<ReceivedSpan> failed =
        traced.children(request).stream().filter(ReceivedSpan::isError).toList();
    assertThat(failed).hasSize(1);
    assertThat(failed.get(0).attribute("db.response.status_code")).isEqualTo(state);
    assertThat((String) failed.get(0).attribute("error.type")).startsWith("org.h2.jdbc.");
    assertThat(failed.get(0).span().toString()).doesNotContain("secret-");
  }

  @Test
  void aReticulationIsItsThreeStepsOnAnotherThread() {
    try (TracedApp traced =
        TracedApp.withDatabase(
            folder,
            "DATASETS_RETICULATE_CPU",
            "5ms",
            "DATASETS_RETICULATE_MEMORY",
            "1MiB",
            "DATASETS_RETICULATE_PAUSE",
            "5ms")) {
      ReceivedSpan request =
          traced.span(traced.app.send("POST", "/datasets/1/reticulate", new byte[0]));

      List<ReceivedSpan> steps = traced.children(request);
      assertWithin(request, steps);
      assertThat(steps)
          .extracting(ReceivedSpan::name)
          .containsExactly("hold memory", "burn a core", "pause");
      assertThat(steps).extracting(ReceivedSpan::kind).containsOnly(SPAN_KIND_INTERNAL);
      assertThat(steps.get(0).attribute("bytes")).isEqualTo(1L << 20);
      assertThat(steps.get(1).nanos()).isGreaterThanOrEqualTo(5_000_000);
      assertThat(steps.get(2).nanos()).isGreaterThanOrEqualTo(5_000_000);
    }
  }

  @Test
  void aPredictionIsReadDecodedQueuedAndInferred() {
    try (TracedApp traced = TracedApp.withModel()) {
      HttpResponse<byte[]> answer = traced.app.predict(DIGIT);

      ReceivedSpan request = traced.span(answer);
      List<ReceivedSpan> steps = traced.children(request);
      assertThat(request.name()).isEqualTo("POST /predict");
      assertThat(request.attribute("prediction_class")).isEqualTo("0");
      assertWithin(request, steps);
      assertThat(steps)
          .extracting(ReceivedSpan::name)
          .containsExactly("parse", "decode", "queue", "infer");
      assertThat(steps).extracting(ReceivedSpan::isError).containsOnly(false);
      assertThat(steps.get(1).attribute("image.bytes")).isEqualTo((long) DIGIT.length);
      assertThat(steps.get(3).attribute("batch.size")).isEqualTo(1L);
      for (int i = 1; i < steps.size(); i++) { // one after another
        assertThat(steps.get(i).span().getStartTimeUnixNano())
            .isGreaterThanOrEqualTo(steps.get(i - 1).span().getEndTimeUnixNano());
      }
    }
  }

  @Test
  void eachOfABatchHasItsOwnSpansInItsOwnTrace() {
    try (TracedApp traced =
        TracedApp.withModel(
            "INFERENCE_WORKERS", "1", "INFERENCE_MAX_BATCH", "2", "INFERENCE_BATCH_WAIT", "2s")) {
      CompletableFuture<HttpResponse<byte[]>> other = new CompletableFuture<>();
      new Thread(() -> other.complete(traced.app.predict(DIGIT)), "client").start();
      HttpResponse<byte[]> one = traced.app.predict(DIGIT);

      for (HttpResponse<byte[]> answer : List.of(one, other.join())) {
        assertThat(answer.statusCode()).isEqualTo(200);
        ReceivedSpan request = traced.span(answer);
        List<ReceivedSpan> steps = traced.children(request);
        assertWithin(request, steps);
        assertThat(steps)
            .extracting(ReceivedSpan::name)
            .containsExactly("parse", "decode", "queue", "infer");
        assertThat(steps.get(3).attribute("batch.size")).isEqualTo(2L);
      }
    }
  }

  @Test
  void anImageThatCannotBeReadEndsAfterItsDecoding() {
    try (TracedApp traced = TracedApp.withModel()) {
      HttpResponse<byte[]> answer = traced.app.predict("no image".getBytes(UTF_8));

      ReceivedSpan request = traced.span(answer);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(request.isError()).isFalse();
      assertThat(traced.children(request))
          .extracting(ReceivedSpan::name)
          .containsExactly("parse", "decode");
    }
  }
}
