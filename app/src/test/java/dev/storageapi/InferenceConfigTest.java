package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.inference.InputFormat;
import dev.storageapi.inference.ModelSettings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The settings of the model and of what bounds predictions. */
class InferenceConfigTest {

  @Test
  void whatTheSettingsSayOfAModelIsTaken() {
    ModelSettings model =
        Config.from(
                Map.of(
                    "MODEL_PATH", "/models/resnet 50.onnx",
                    "MODEL_LABELS", "/models/labels.txt",
                    "MODEL_LAYOUT", "NCHW",
                    "MODEL_SIZE", "320x224",
                    "MODEL_CHANNELS", "bgr",
                    "MODEL_MEAN", "0.485, 0.456, 0.406",
                    "MODEL_STD", "0.229, 0.224, 0.225",
                    "MODEL_RESIZE", "stretch",
                    "MODEL_SOFTMAX", "false"))
            .inference()
            .model();

    assertThat(model.name()).isEqualTo("resnet_50");
    assertThat(model.file()).contains(Path.of("/models/resnet 50.onnx"));
    assertThat(model.labels()).contains(Path.of("/models/labels.txt"));
    assertThat(model.layout()).contains(InputFormat.Layout.NCHW);
    assertThat(model.size()).contains(new ModelSettings.Size(320, 224));
    assertThat(model.channels()).contains(InputFormat.Channels.BGR);
    assertThat(model.mean()).containsExactly(0.485f, 0.456f, 0.406f);
    assertThat(model.std()).containsExactly(0.229f, 0.224f, 0.225f);
    assertThat(model.resize()).contains(InputFormat.Resize.STRETCH);
    assertThat(model.softmax()).contains(false);
  }

  @Test
  void whatTheSettingsLeaveOpenTheModelDecides() {
    ModelSettings model = Config.from(Map.of()).inference().model();

    assertThat(model.name()).isEqualTo("digits");
    assertThat(model.file()).isEmpty();
    assertThat(model.labels()).isEmpty();
    assertThat(model.layout()).isEmpty();
    assertThat(model.size()).isEmpty();
    assertThat(model.channels()).isEmpty();
    assertThat(model.mean()).isEmpty();
    assertThat(model.std()).isEmpty();
    assertThat(model.resize()).isEmpty();
    assertThat(model.softmax()).isEmpty();
  }

  @Test
  void thereAreNoMoreWorkersThanPredictionsAtOnceUnlessSoManyAreSet() {
    Config one = Config.from(Map.of("INFERENCE_MAX_CONCURRENT", "1"));
    Config three = Config.from(Map.of("INFERENCE_WORKERS", "3"));

    assertThat(one.inference().limits().workers()).isEqualTo(1);
    assertThat(three.inference().limits().workers()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "MODEL_PATH | ''",
        "MODEL_NAME | a b",
        "MODEL_LAYOUT | hwc",
        "MODEL_SIZE | 0x0",
        "MODEL_SIZE | 224",
        "MODEL_SIZE | 10000x1",
        "MODEL_CHANNELS | cmyk",
        "MODEL_MEAN | NaN",
        "MODEL_MEAN | 0x1p3",
        "MODEL_MEAN | 1f",
        "MODEL_MEAN | 0.5,x",
        "MODEL_STD | Infinity",
        "MODEL_RESIZE | pad",
        "MODEL_SOFTMAX | yes",
        "INFERENCE_MAX_CONCURRENT | 0",
        "INFERENCE_MAX_CONCURRENT | 1001",
        "INFERENCE_WORKERS | -1",
        "INFERENCE_WORKERS | many",
        "INFERENCE_THREADS_PER_RUN | 0",
        "INFERENCE_NATIVE_DIR | ''",
        "INFERENCE_MAX_BATCH | 257",
        "INFERENCE_BATCH_WAIT | 5",
        "INFERENCE_TIMEOUT | 0ms",
        "INFERENCE_MAX_PARTS | 0",
        "INFERENCE_MAX_PART_HEADER_BYTES | 63",
        "INFERENCE_MAX_PART_HEADER_BYTES | 65537",
        "INFERENCE_MAX_PIXELS | 268435457",
        "INFERENCE_MAX_BODY_BYTES | 8MB",
        "INFERENCE_MAX_CLASS_LABELS | -1"
      })
  void aSettingOfTheModelOrItsLimitsThatIsNotValidStopsTheStart(String setting, String bad) {
    assertThatThrownBy(() -> Config.from(Map.of(setting, bad)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageStartingWith(setting + "=" + bad + " is not valid: ");
  }

  @ParameterizedTest
  @CsvSource({
    "MODEL_STD, 0.1, 0, MODEL_STD has a number that is less than 1.0E-6",
    "MODEL_STD, 1, -1, MODEL_STD has a number that is less than 1.0E-6",
    "MODEL_STD, 1, '1,1', MODEL_STD has neither one number nor three",
    "MODEL_MEAN, 0.5, '0.5,0.5', MODEL_MEAN has neither one number nor three",
    "INFERENCE_WORKERS, 16, 17, INFERENCE_WORKERS is more than INFERENCE_MAX_CONCURRENT",
    "INFERENCE_MAX_BODY_BYTES, 16MiB, 17MiB, is more than SERVER_UPLOAD_BUDGET_BYTES",
    "SERVER_UPLOAD_BUDGET_BYTES, 8MiB, 7MiB, INFERENCE_MAX_BODY_BYTES is more than",
    "INFERENCE_TIMEOUT, 9999ms, 10s, are not less than SERVER_RESPONSE_TIMEOUT",
    "SERVER_RESPONSE_TIMEOUT, 10s, 9s, three times INFERENCE_TIMEOUT and INFERENCE_BATCH_WAIT",
    "INFERENCE_BATCH_WAIT, 2999ms, 3s, INFERENCE_BATCH_WAIT is not less than INFERENCE_TIMEOUT",
    "INFERENCE_MAX_CONCURRENT, 29, 30, 'DATABASE_MAX_CONCURRENT, DATASETS_RETICULATE_MAX and"
        + " INFERENCE_MAX_CONCURRENT together are not less than SERVER_MAX_CONCURRENT_REQUESTS'"
  })
  void whatPredictsFitsIntoTheServersLimits(
      String setting, String good, String bad, String problem) {
    Config.from(Map.of(setting, good));

    assertThatThrownBy(() -> Config.from(Map.of(setting, bad)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContaining(problem);
    Config.from(Map.of("MODEL_PATH", "none", setting, bad));
  }

  @ParameterizedTest
  @ValueSource(strings = {"MODEL_PATH", "MODEL_LABELS", "INFERENCE_NATIVE_DIR"})
  void whatCanBeNoPathStopsTheStart(String setting) {
    assertThatThrownBy(() -> Config.from(Map.of(setting, "a\0b")))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContaining(setting);
  }
}
