package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Digits;
import dev.storageapi.testing.ImageFiles;
import dev.storageapi.testing.Scrape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many images at once: what waits, what is refused, what is run together, and what is reloaded. */
class InferenceQueueTest {

  private static final Path MODELS = Path.of("src/test/resources/models");
  private static final String RESNET = MODELS.resolve("light_resnet50_batch.onnx").toString();

  private final ExecutorService clients = Executors.newCachedThreadPool();
  private final List<byte[]> digits = Digits.heldBack().stream().map(Digits.Digit::png).toList();

  @TempDir private Path folder;

  @AfterEach
  void stop() {
    clients.shutdownNow();
  }

  private static byte[] plain(int grey) throws IOException {
    BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 64; i++) {
      image.setRGB(i % 8, i / 8, grey * 0x010101);
    }
    return ImageFiles.write("png", image);
  }

  private List<HttpResponse<byte[]>> atOnce(int count, Callable<HttpResponse<byte[]>> request)
      throws InterruptedException, ExecutionException {
    List<HttpResponse<byte[]>> answers = new ArrayList<>();
    List<Callable<HttpResponse<byte[]>>> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(request);
    }
    for (Future<HttpResponse<byte[]>> answer : clients.invokeAll(requests)) {
      answers.add(answer.get());
    }
    return answers;
  }

  private static Scrape scrape(RunningApp app) {
    return Scrape.of(app.text("/metrics"));
  }

  @Test
  void moreThanMayWaitAreRefusedAtOnceAndAllAreCounted()
      throws InterruptedException, ExecutionException {
    try (RunningApp app =
        RunningApp.withModel(
            "MODEL_PATH", RESNET, "INFERENCE_WORKERS", "1", "INFERENCE_MAX_CONCURRENT", "3")) {
      app.withModelLoaded();
      List<HttpResponse<byte[]>> answers = atOnce(20, () -> app.predict(digits.get(0)));

      List<HttpResponse<byte[]>> refused =
          answers.stream().filter(answer -> answer.statusCode() == 503).toList();
      assertThat(refused).isNotEmpty();
      assertThat(refused)
          .allMatch(answer -> answer.headers().firstValue("Retry-After").isPresent())
          .allMatch(answer -> RunningApp.body(answer).contains("\"detail\":\"Too many images"));
      int fine = (int) answers.stream().filter(answer -> answer.statusCode() == 200).count();
      assertThat(fine).isGreaterThanOrEqualTo(3).isEqualTo(20 - refused.size());
      await().until(() -> scrape(app).sum("http_requests_total", "path", "/predict") == 20);
      Scrape scrape = scrape(app);
      assertThat(scrape.sum("model_predictions_total")).isEqualTo(fine);
      assertThat(scrape.sum("model_inference_errors_total", "reason", "queue_full"))
          .isEqualTo(refused.size());
      assertThat(scrape.sum("http_requests_rejected_total", "reason", "overload"))
          .isEqualTo(refused.size());
      assertThat(scrape.value("inference_queue_size")).isZero();
    }
  }

  @Test
  void whoWaitsTooLongIsToldSo() throws InterruptedException, ExecutionException {
    try (RunningApp app =
        RunningApp.withModel(
            "MODEL_PATH", RESNET, "INFERENCE_WORKERS", "1", "INFERENCE_TIMEOUT", "20ms")) {
      app.withModelLoaded();
      List<HttpResponse<byte[]>> answers = atOnce(16, () -> app.predict(digits.get(0)));

      assertThat(answers).anyMatch(answer -> answer.statusCode() == 200);
      assertThat(answers).anyMatch(answer -> answer.statusCode() == 503);
      assertThat(answers)
          .filteredOn(answer -> answer.statusCode() == 503)
          .allMatch(answer -> RunningApp.body(answer).contains("Try again in a moment"));
      assertThat(scrape(app).sum("model_inference_errors_total", "reason", "timeout")).isPositive();
      assertThat(scrape(app).value("inference_queue_size")).isZero();
    }
  }

  @Test
  void anImageThatFailsHarmsNoOtherThatIsRunWithIt()
      throws IOException, InterruptedException, ExecutionException {
    byte[] dark = plain(20);
    byte[] bright = plain(255);
    try (RunningApp app =
        RunningApp.withModel(
            "MODEL_PATH", MODELS.resolve("fails.onnx").toString(),
            "INFERENCE_WORKERS", "1",
            "INFERENCE_MAX_BATCH", "8",
            "INFERENCE_BATCH_WAIT", "300ms")) {
      app.withModelLoaded();
      AtomicInteger turn = new AtomicInteger();
      List<HttpResponse<byte[]>> answers =
          atOnce(8, () -> app.predict(turn.incrementAndGet() == 5 ? bright : dark));

      assertThat(answers).filteredOn(answer -> answer.statusCode() == 500).hasSize(1);
      assertThat(answers).filteredOn(answer -> answer.statusCode() == 200).hasSize(7);
    }
  }

  @Test
  void whatWaitsIsRunTogether() throws InterruptedException, ExecutionException {
    try (RunningApp app =
        RunningApp.withModel(
            "INFERENCE_WORKERS", "1",
            "INFERENCE_MAX_BATCH", "8",
            "INFERENCE_BATCH_WAIT", "300ms")) {
      app.withModelLoaded();
      AtomicInteger turn = new AtomicInteger();
      List<HttpResponse<byte[]>> answers =
          atOnce(8, () -> app.predict(digits.get(turn.incrementAndGet())));

      assertThat(answers).allMatch(answer -> answer.statusCode() == 200);
      double runs = scrape(app).sum("model_inference_duration_seconds_count");
      assertThat(runs).isLessThan(8);
      assertThat(scrape(app).sum("model_predictions_total")).isEqualTo(8);
    }
  }

  @Test
  void whatWaitsHoldsNoneOfTheBytesThatBodiesMayHave() {
    byte[] large = Arrays.copyOf(digits.get(0), 1_200_000); // bytes behind an image do not matter
    byte[] object = new byte[3_000_000];
    try (RunningApp app =
        RunningApp.withModel(
            "SERVER_UPLOAD_BUDGET_BYTES", "4MiB",
            "INFERENCE_MAX_BODY_BYTES", "4MiB",
            "INFERENCE_WORKERS", "1",
            "INFERENCE_MAX_BATCH", "8",
            "INFERENCE_BATCH_WAIT", "2s")) {
      app.withModelLoaded();
      List<Future<HttpResponse<byte[]>>> waiting = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        waiting.add(clients.submit(() -> app.predict(large)));
      }
      await().until(() -> scrape(app).value("http_requests_in_flight") == 4); // this scrape as well
      await().until(() -> app.send("PUT", "/api/buckets/1", object).statusCode() == 200);
      assertThat(waiting).noneMatch(Future::isDone);
    }
  }

  @Test
  void aReloadFailsNoRequest() throws IOException, InterruptedException, ExecutionException {
    Path model = folder.resolve("model.onnx");
    Files.copy(MODELS.resolve("rgb.onnx"), model);
    try (RunningApp app =
        RunningApp.withModel("MODEL_PATH", model.toString(), "MANAGEMENT_PORT", "0")) {
      await().until(() -> reload(app).statusCode() == 200);
      assertThat(app.send("POST", "/model/reload", new byte[0]).statusCode()).isEqualTo(404);
      AtomicBoolean goOn = new AtomicBoolean(true);
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(clients.submit(() -> failures(app, goOn)));
      }
      for (int i = 0; i < 20; i++) {
        String next = i % 2 == 0 ? "nhwc.onnx" : "rgb.onnx"; // of another shape
        Files.copy(MODELS.resolve(next), model, StandardCopyOption.REPLACE_EXISTING);
        assertThat(reload(app).statusCode()).isEqualTo(200);
      }
      Files.writeString(model, "no model");
      HttpResponse<byte[]> bad = reload(app);
      assertThat(bad.statusCode()).isEqualTo(503);
      assertThat(RunningApp.body(bad)).contains("the model before serves on");

      goOn.set(false);
      for (Future<Integer> failures : running) {
        assertThat(failures.get()).isZero();
      }
      assertThat(app.predict(digits.get(0)).statusCode()).isEqualTo(200);
    }
  }

  private int failures(RunningApp app, AtomicBoolean goOn) {
    int failures = 0;
    while (goOn.get()) {
      failures += app.predict(digits.get(0)).statusCode() == 200 ? 0 : 1;
    }
    return failures;
  }

  private static HttpResponse<byte[]> reload(RunningApp app) {
    return app.send(app.managementUri("/model/reload"), "POST", new byte[0]);
  }

  /** Predictions under way or answered; the scrape itself is under way as well. */
  private static double arrived(Scrape scrape) {
    return scrape.value("http_requests_in_flight")
        - 1
        + scrape.sum("http_requests_total", "path", "/predict");
  }

  @Test
  void whoIsWaitedForAtTheEndGetsItsAnswer() throws InterruptedException, ExecutionException {
    List<Future<HttpResponse<byte[]>>> waiting = new ArrayList<>();
    try (RunningApp app = RunningApp.withModel("MODEL_PATH", RESNET, "INFERENCE_WORKERS", "1")) {
      app.withModelLoaded();
      for (int i = 0; i < 6; i++) {
        waiting.add(clients.submit(() -> app.predict(digits.get(0))));
      }
      await().until(() -> arrived(scrape(app)) == 6);
    }
    for (Future<HttpResponse<byte[]>> answer : waiting) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
  }
}
