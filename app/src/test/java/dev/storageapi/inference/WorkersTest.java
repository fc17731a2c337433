package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.inference.NotPredicted.Reason;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who waits for a worker, who is with one, and what becomes of both at the end. */
class WorkersTest {

  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SOON = Duration.ofSeconds(10);

  private final Metrics metrics = new Metrics();
  private OnnxModel model;

  @BeforeEach
  void load() throws UnusableModel {
    ModelSettings settings = NothingSaid.settings();
    Path natives = settings.nativeDirectory();
    System.setProperty(NativeLibrary.PROPERTY, natives.toAbsolutePath().toString());
    NativeLibrary.unpackTo(natives);
    model = OnnxModel.load(settings);
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** One worker, which waits so long for a second image to run with the first. */
  private Workers workers(Duration batchWait, Duration timeout) {
    return new Workers(1, 2, batchWait, timeout, "digits", metrics, Spans.OFF);
  }

  /** How many a worker has taken. */
  private long taken() {
    return metrics
        .registry()
        .scrape(name -> name.equals(Metric.INFERENCE_QUEUE_DURATION.exposedName()))
        .stream()
        .flatMap(histogram -> ((HistogramSnapshot) histogram).getDataPoints().stream())
        .mapToLong(HistogramDataPointSnapshot::getCount)
        .sum();
  }

  private Workers.Output predict(Workers workers) {
    return workers.predict(model, new float[model.input().size()]);
  }

  private CompletableFuture<Workers.Output> predicting(Workers workers) {
    CompletableFuture<Workers.Output> output = new CompletableFuture<>();
    client(workers, output).start();
    return output;
  }

  /** Asks once; the output, or why there is none, is then in {@code output}. */
  private Thread client(Workers workers, CompletableFuture<Workers.Output> output) {
    return new Thread(
        () -> {
          try {
            output.complete(predict(workers));
          } catch (RuntimeException e) {
            output.completeExceptionally(e);
          }
        },
        "client");
  }

  private static void assertRefused(CompletableFuture<?> client, String words) {
    assertThat(client)
        .failsWithin(SOON)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOfSatisfying(
            NotPredicted.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT))
        .withMessageContaining(words);
  }

  private static void assertAnswered(CompletableFuture<Workers.Output> client) {
    assertThat(client)
        .succeedsWithin(SOON)
        .satisfies(output -> assertThat(output.probabilities()).hasSize(10));
  }

  @Test
  void whoGetsNoWorkerInTimeIsRefusedAndWaitsNoMore() {
    try (Workers workers = workers(Duration.ZERO, Duration.ofMillis(1))) {
      assertRefused(predicting(workers), "busy");
      assertThat(workers.waiting()).isZero();
    }
  }

  @Test
  void whoWaitsAtTheEndIsRefusedAtOnceAndSoIsWhoComesLater() {
    Workers workers = workers(Duration.ZERO, LONG);
    CompletableFuture<?> client = predicting(workers);
    await().until(() -> workers.waiting() == 1);

    workers.close();

    assertRefused(client, "shutting down");
    assertRefused(predicting(workers), "shutting down");
    assertThat(workers.waiting()).isZero();
  }

  @Test
  void whoIsWithAWorkerAtTheEndGetsItsAnswer() {
    Workers workers = workers(LONG, LONG);
    CompletableFuture<Workers.Output> client = predicting(workers);
    workers.start();
    await().until(() -> taken() == 1); // now it waits for a second one

    workers.close();

    assertAnswered(client);
  }

  @Test
  void whoIsInterruptedDoesNotGoWhileAWorkerHasItsModel() {
    try (Workers workers = workers(LONG, LONG)) {
      CompletableFuture<Workers.Output> output = new CompletableFuture<>();
      Thread client = client(workers, output);
      client.start();
      workers.start();
      await().until(() -> taken() == 1);

      client.interrupt();
      await().until(() -> client.getState() == Thread.State.WAITING); // no longer for a time

      assertAnswered(predicting(workers));
      assertAnswered(output);
    }
  }

  @Test
  void whoIsInterruptedBeforeIsRefused() {
    try (Workers workers = workers(Duration.ZERO, LONG)) {
      CompletableFuture<Workers.Output> output = new CompletableFuture<>();
      Thread client = client(workers, output);
      client.start();
      await().until(() -> workers.waiting() == 1);

      client.interrupt();

      assertRefused(output, "shutting down");
      assertThat(workers.waiting()).isZero();
    }
  }
}
