package dev.storageapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.storageapi.testing.ImageFiles;
import dev.storageapi.testing.Scrape;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other models than the one that ships: fit ones by settings, and unfit ones of every kind. */
class ModelTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path MODELS = Path.of("src/test/resources/models");

  @TempDir private Path folder;

  /** Colours beside each other, from left to right, 16 pixels high. */
  private static byte[] png(Color... colours) throws IOException {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    int width = 16 / colours.length;
    for (int i = 0; i < colours.length; i++) {
      pen.setColor(colours[i]);
      pen.fillRect(i * width, 0, width, 16);
    }
    return ImageFiles.write("png", image);
  }

  private static RunningApp with(Path model, String... settings) {
    List<String> all = new ArrayList<>(List.of("MODEL_PATH", model.toString()));
    all.addAll(List.of(settings));
    return RunningApp.withModel(all.toArray(String[]::new));
  }

  private static JsonNode prediction(RunningApp app, byte[] image) throws IOException {
    HttpResponse<byte[]> answer = app.predict(image);
    assertThat(answer.statusCode()).as(RunningApp.body(answer)).isEqualTo(200);
    return JSON.readTree(answer.body()).get("prediction");
  }

  private static String refusal(RunningApp app) {
    await().until(() -> !app.text("/ready/inference").contains("is being loaded"));
    HttpResponse<byte[]> ready = app.get("/ready/inference");
    assertThat(ready.statusCode()).isEqualTo(503);
    return RunningApp.body(ready);
  }

  @ParameterizedTest
  @CsvSource({
    "missing.onnx, MODEL_PATH is no file",
    "not-a-classifier.onnx, is no classifier: its output is",
    "two-inputs.onnx, has 2 inputs",
    "wrong-rank.onnx, wants four dimensions",
    "int-input.onnx, not of 32-bit floats"
  })
  void anUnfitModelIsRefusedWithTheReasonAndTheServiceIsUp(String file, String reason)
      throws IOException {
    try (RunningApp app = with(MODELS.resolve(file), "MODEL_SIZE", "8x8")) {
      assertThat(refusal(app)).contains(reason);

      HttpResponse<byte[]> answer = app.predict(png(Color.RED));
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue("Retry-After")).isPresent();
      assertThat(JSON.readTree(answer.body()).get("detail").asText()).contains(reason);
      assertThat(app.get("/ready").statusCode()).isEqualTo(200);
      assertThat(app.put("/api/buckets/1", "x").statusCode()).isEqualTo(200);
      Scrape scrape = Scrape.of(app.text("/metrics"));
      assertThat(scrape.sum("model_loaded")).isZero();
      assertThat(scrape.sum("model_inference_errors_total", "reason", "no_model")).isEqualTo(1);
    }
  }

  @Test
  void aFileThatIsNoModelOrIsCutIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(MODELS.resolve("light_resnet50.onnx"));
    Path cut = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, 40_000));
    Path text = Files.writeString(folder.resolve("text.onnx"), "no model");
    Path empty = Files.createFile(folder.resolve("empty.onnx"));

    for (Path file : List.of(cut, text, empty, folder)) {
      try (RunningApp app = with(file)) {
        assertThat(refusal(app)).doesNotContain(folder.toString()); // paths are for the log
        await().until(() -> app.log().stream().anyMatch(line -> line.contains("path=" + file)));
        assertThat(app.predict(png(Color.RED)).statusCode()).isEqualTo(503);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MODEL_LAYOUT, nhwc, has channels: 4", // of [N,3,4,4]
    "MODEL_CHANNELS, grey, has channels: 3",
    "MODEL_SIZE, 5x5, is not 5x5 as is set",
    "MODEL_SIZE, 4x5, is not 4x5 as is set"
  })
  void settingsThatContradictTheModelAreNamed(String setting, String value, String reason) {
    try (RunningApp app = with(MODELS.resolve("rgb.onnx"), setting, value)) {
      assertThat(refusal(app)).contains(reason);
    }
  }

  @Test
  void labelsComeFromAFileAndMustBeAsManyAsTheClasses() throws IOException {
    Path labels = Files.writeString(folder.resolve("labels.txt"), "red\ngreen\nblue\n");
    Path few = Files.writeString(folder.resolve("few.txt"), "red\n");
    try (RunningApp app = with(MODELS.resolve("rgb.onnx"), "MODEL_LABELS", labels.toString())) {
      app.withModelLoaded();
      assertThat(prediction(app, png(Color.GREEN)).get("class_name").asText()).isEqualTo("green");
      assertThat(prediction(app, png(Color.BLUE)).get("class_id").asInt()).isEqualTo(2);
    }
    try (RunningApp app = with(MODELS.resolve("rgb.onnx"), "MODEL_LABELS", few.toString())) {
      assertThat(refusal(app)).contains("there are 1 labels, and the model has 3 classes");
    }
  }

  @Test
  void channelsMayComeTheOtherWayRound() throws IOException {
    try (RunningApp app = with(MODELS.resolve("rgb.onnx"), "MODEL_CHANNELS", "bgr")) {
      app.withModelLoaded();
      assertThat(prediction(app, png(Color.BLUE)).get("class_id").asInt()).isZero();
    }
  }

  @Test
  void aModelWithItsChannelsLastIsUnderstoodAndItsOutputsBecomeProbabilities() throws IOException {
    try (RunningApp app =
        with(MODELS.resolve("nhwc.onnx"), "MODEL_NAME", "quarters", "MODEL_RESIZE", "stretch")) {
      app.withModelLoaded();
      JsonNode json = JSON.readTree(app.predict(png(Color.BLACK, Color.WHITE)).body());

      assertThat(json.get("model_name").asText()).isEqualTo("quarters");
      assertThat(json.get("prediction").get("class_id").asInt()).isIn(1, 3); // those at the right
      assertThat(json.get("top5")).hasSize(4);
      double sum = 0;
      for (JsonNode one : json.get("top5")) {
        sum += one.get("confidence").asDouble();
      }
      assertThat(sum).isBetween(0.9999, 1.0001);
    }
  }

  @Test
  void whatTheModelFailsOnIs500AndTheNextImageIsAnswered() throws IOException {
    try (RunningApp app = with(MODELS.resolve("fails.onnx"))) {
      app.withModelLoaded();
      HttpResponse<byte[]> bright = app.predict(png(Color.WHITE));

      assertThat(bright.statusCode()).isEqualTo(500);
      assertThat(JSON.readTree(bright.body()).get("detail").asText())
          .startsWith("The model failed on this image");
      assertThat(prediction(app, png(Color.BLACK)).get("class_id").asInt()).isEqualTo(9);
      assertThat(
              Scrape.of(app.text("/metrics"))
                  .sum("model_inference_errors_total", "reason", "model_failed"))
          .isEqualTo(1);
    }
  }

  @Test
  void resNet50IsServedWithoutASetting() throws IOException {
    try (RunningApp app = with(MODELS.resolve("light_resnet50.onnx"))) {
      app.withModelLoaded();

      JsonNode json = JSON.readTree(app.predict(png(Color.RED, Color.BLUE)).body());

      assertThat(json.get("model_name").asText()).isEqualTo("light_resnet50");
      assertThat(json.get("prediction").get("confidence").asDouble()).isBetween(0.0009, 0.0011);
    }
  }

  @Test
  void ofManyClassesOnlyTheFirstHaveNamesInTheMetrics() throws IOException {
    try (RunningApp app = with(MODELS.resolve("rgb.onnx"), "INFERENCE_MAX_CLASS_LABELS", "1")) {
      app.withModelLoaded();
      for (Color colour : List.of(Color.RED, Color.GREEN, Color.BLUE)) {
        prediction(app, png(colour));
      }
      Scrape scrape = Scrape.of(app.text("/metrics"));

      assertThat(scrape.value("model_predictions_total", "model", "rgb", "class", "0"))
          .isEqualTo(1);
      assertThat(scrape.value("model_predictions_total", "model", "rgb", "class", "other"))
          .isEqualTo(2);
    }
  }

  @Test
  void withoutAModelThereIsNoRouteAndNoMetric() {
    try (RunningApp app = RunningApp.with()) {
      assertThat(app.send("POST", "/predict", "x".getBytes(UTF_8)).statusCode()).isEqualTo(404);
      assertThat(app.get("/ready/inference").statusCode()).isEqualTo(404);
      assertThat(app.text("/metrics")).doesNotContain("model_", "inference_");
      assertThat(app.text("/info")).doesNotContain("model");
    }
  }
}
