package dev.storageapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Digits.Digit;
import dev.storageapi.testing.Form;
import dev.storageapi.testing.Scrape;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract's section on inference, with the model that ships. */
class PredictTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<Digit> DIGITS = Digits.heldBack();

  private final RunningApp app = RunningApp.withModel().withModelLoaded();

  @AfterEach
  void stop() {
    app.close();
  }

  private static JsonNode json(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new AssertionError(new String(answer.body(), UTF_8), e);
    }
  }

  private static void assertDetail(HttpResponse<byte[]> answer, int status, String words) {
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(json(answer).properties()).hasSize(1);
    assertThat(json(answer).get("detail").asText()).contains(words);
  }

  private HttpResponse<byte[]> post(Form form) {
    return app.send("POST", "/predict", form.body(), "Content-Type", form.contentType());
  }

  private double metric(String name, String... labels) {
    return Scrape.of(app.text("/metrics")).sum(name, labels);
  }

  @Test
  void theAnswerHasTheFormOfTheContract() {
    HttpResponse<byte[]> answer = app.predict(DIGITS.get(0).png());

    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode json = json(answer);
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly("request_id", "model_name", "prediction", "top5", "inference_time_ms");
    assertThat(json.get("request_id").asText())
        .isEqualTo(answer.headers().firstValue("X-Request-ID").orElseThrow());
    assertThat(json.get("model_name").asText()).isEqualTo("digits");
    assertThat(json.get("prediction").fieldNames())
        .toIterable()
        .containsExactly("class_id", "class_name", "confidence");
    assertThat(json.get("top5")).hasSize(5).first().isEqualTo(json.get("prediction"));
    List<Double> sure = new ArrayList<>();
    json.get("top5").forEach(one -> sure.add(one.get("confidence").asDouble()));
    assertThat(sure).isSortedAccordingTo((a, b) -> Double.compare(b, a)).allMatch(p -> p <= 1);
    assertThat(json.get("inference_time_ms").asDouble()).isPositive();
  }

  @Test
  void theLineInTheAccessLogTellsThePrediction() {
    HttpResponse<byte[]> answer = app.predict(DIGITS.get(0).png());
    String id = RunningApp.header(answer, "X-Request-ID");

    await()
        .untilAsserted(
            () ->
                assertThat(app.log())
                    .filteredOn(line -> line.contains("request_id=" + id))
                    .singleElement()
                    .asString()
                    .contains(" model_name=digits prediction_class=0 confidence=")
                    .contains(" path=/predict "));
  }

  @Test
  void ofTheDigitsHeldBack99In100AreRight() {
    long right =
        DIGITS.stream()
            .filter(
                digit ->
                    json(app.predict(digit.png())).get("prediction").get("class_id").asInt()
                        == digit.value())
            .count();

    assertThat(DIGITS).hasSize(599);
    assertThat(right).isBetween(594L, 596L); // docs/inference.md: 595; processors round otherwise
    assertThat(metric("model_inference_duration_seconds_count", "model", "digits")).isEqualTo(599);
    assertThat(metric("image_size_bytes_count")).isEqualTo(599);
    assertThat(metric("model_predictions_total", "model", "digits")).isEqualTo(599);
    assertThat(metric("model_predictions_total", "class", "7")).isBetween(55.0, 65.0);
    assertThat(metric("prediction_confidence_count")).isEqualTo(599);
  }

  @Test
  void theExampleOfTheReadmeIsRecognised() throws IOException {
    byte[] example = Files.readAllBytes(Path.of("../docs/images/digit.png"));

    JsonNode prediction = json(app.predict(example)).get("prediction");

    assertThat(prediction.get("class_name").asText()).isEqualTo("4");
    assertThat(prediction.get("confidence").asDouble()).isGreaterThan(0.99);
  }

  @Test
  void withoutAFileItIs422AsTheOriginalSaysIt() {
    String missing =
        "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"file\"],\"msg\":\"Field required\","
            + "\"input\":null}]}\n";
    HttpResponse<byte[]> other = post(new Form().field("other", "x"));
    HttpResponse<byte[]> none = app.send("POST", "/predict", new byte[0]);
    HttpResponse<byte[]> json =
        app.send("POST", "/predict", "{}".getBytes(UTF_8), "Content-Type", "application/json");

    for (HttpResponse<byte[]> answer : List.of(other, none, json)) {
      assertThat(answer.statusCode()).isEqualTo(422);
      assertThat(new String(answer.body(), UTF_8)).isEqualTo(missing);
    }
    assertThat(metric("model_inference_errors_total", "reason", "no_file")).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/octet-stream", "imageX/png", "images/png"})
  void whatDoesNotSayThatItIsAnImageIs400(String type) {
    assertDetail(
        post(new Form().file("file", "a.png", type, DIGITS.get(0).png())), 400, "must be an image");
  }

  @Test
  void aFileWithoutATypeAndAFieldOfTextAre400() {
    assertDetail(post(new Form().file("file", "a", null, DIGITS.get(0).png())), 400, "an image");
    assertDetail(post(new Form().field("file", "text")), 400, "an image");
  }

  @Test
  void whatIsNoImageIs400WhateverItSays() {
    byte[] png = DIGITS.get(0).png();

    assertDetail(app.predict("no image".getBytes(UTF_8)), 400, "no PNG, JPEG, GIF or BMP");
    assertDetail(app.predict(new byte[0]), 400, "no PNG, JPEG, GIF or BMP");
    assertDetail(app.predict(Arrays.copyOf(png, png.length - 20)), 400, "cannot be decoded");
    assertThat(metric("model_inference_errors_total", "reason", "not_decodable")).isEqualTo(3);
  }

  @Test
  void otherFieldsAndASecondFileDoNotMatter() {
    Form form =
        new Form()
            .field("a", "b")
            .file("file", "1.png", "image/png", DIGITS.get(0).png())
            .file("file", "2.png", "text/plain", new byte[0]);

    assertThat(post(form).statusCode()).isEqualTo(200);
  }

  @Test
  void aFormWithoutEndIs400() {
    byte[] whole = new Form().file("file", "1.png", "image/png", DIGITS.get(0).png()).body();
    byte[] cut = Arrays.copyOf(whole, whole.length - 20);

    assertDetail(
        app.send("POST", "/predict", cut, "Content-Type", new Form().contentType()),
        400,
        "There was an error parsing the body");
  }

  @Test
  void theRouteHasNoOtherMethod() {
    assertThat(app.get("/predict").statusCode()).isEqualTo(405);
  }

  @ParameterizedTest
  @CsvSource({"/info,model,digits", "/info,slo,predict_latency", "/ready,features,digits"})
  void theModelIsToldOf(String path, String field, String word) {
    assertThat(json(app.get(path)).get(field).toString()).contains(word);
  }

  @Test
  void readinessTellsTheModel() {
    HttpResponse<byte[]> answer = app.get("/ready/inference");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer).get("reason").asText())
        .isEqualTo("the model digits tells 10 classes apart");
    assertThat(metric("model_loaded", "model", "digits")).isEqualTo(1);
    assertThat(metric("model_load_duration_seconds")).isPositive();
  }
}
