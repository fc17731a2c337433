package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ReceivedSpan;
import dev.storageapi.testing.TraceBackend;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load of a model and its reload, which are spans, and what happens in them. */
class TraceModelTest {

  private static final Path MODELS = Path.of("src/test/resources/models");

  private static TracedApp with(String model) {
    return TracedApp.to(
        TraceBackend.start(),
        "MODEL_PATH",
        model,
        "INFERENCE_NATIVE_DIR",
        "target/native",
        "MANAGEMENT_PORT",
        "0");
  }

  private static HttpResponse<byte[]> reload(TracedApp traced) {
    return traced.app.send(traced.app.managementUri("/model/reload"), "POST", new byte[0]);
  }

  @Test
  void theLoadIsATraceAndTheReloadAStepOfTheRequest() {
    try (TracedApp traced = with("digits")) {
      ReceivedSpan load = traced.backend.await("model load");
      HttpResponse<byte[]> answer = reload(traced);

      ReceivedSpan request = traced.span(answer);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(traced.children(request)).hasSize(1);
      ReceivedSpan reload = traced.children(request).get(0);
      assertThat(load.parentId()).isEmpty();
      for (ReceivedSpan span : List.of(load, reload)) {
        assertThat(span.name()).isEqualTo("model load");
        assertThat(span.attribute("model")).isEqualTo("digits");
        assertThat(span.isError()).isFalse();
        assertThat(span.events())
            .containsExactly("model.loaded", "model.warmed_up", "model.serving");
      }
    }
  }

  @Test
  void aReloadThatFailsIsAnErrorAndSaysWhy(@TempDir Path folder) throws IOException {
    Path model = folder.resolve("model.onnx");
    Files.copy(MODELS.resolve("light_resnet50.onnx"), model);
    try (TracedApp traced = with(model.toString())) {
      assertThat(traced.backend.await("model load").events()).endsWith("model.serving");
      Path broken = folder.resolve("broken");
      Files.writeString(broken, "no model");
      Files.move(broken, model, StandardCopyOption.REPLACE_EXISTING);
      HttpResponse<byte[]> answer = reload(traced);

      assertThat(answer.statusCode()).isEqualTo(503);
      ReceivedSpan reload = traced.children(traced.span(answer)).get(0);
      assertThat(reload.isError()).isTrue();
      assertThat(reload.attribute("error.type"))
          .isEqualTo("dev.storageapi.inference.UnusableModel");
      assertThat(reload.span().getStatus().getMessage()).isNotEmpty();
      assertThat(reload.events()).isEmpty();
    }
  }
}
