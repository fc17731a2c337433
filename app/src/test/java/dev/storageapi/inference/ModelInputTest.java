package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a model's metadata say of its input, and what they may not say. */
class ModelInputTest {

  private static InputFormat format(Map<String, String> metadata) throws UnusableModel {
    return new ModelInput(new long[] {-1, 3, -1, -1}, metadata, NothingSaid.settings()).format();
  }

  @Test
  void metadataSayWhatTheShapeLeavesOpen() throws UnusableModel {
    InputFormat format =
        format(
            Map.of(
                "size", "32x16",
                "channels", "bgr",
                "mean", "[0.5]",
                "std", "[1, 2, 3]",
                "resize", "stretch"));

    assertThat(format)
        .isEqualTo(
            new InputFormat(
                32,
                16,
                InputFormat.Channels.BGR,
                InputFormat.Layout.NCHW,
                List.of(0.5f, 0.5f, 0.5f),
                List.of(1f, 2f, 3f),
                InputFormat.Resize.STRETCH));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "size | 32",
        "size | 0x16",
        "layout | hwc",
        "channels | rgba",
        "resize | pad",
        "mean | 0.5",
        "mean | half",
        "mean | [\"0.5\"]",
        "mean | {\"r\":0.5}",
        "mean | [1e99]",
        "std | [null]"
      })
  void whatIsWrongInMetadataIsNamed(String key, String value) {
    Map<String, String> metadata = new HashMap<>(Map.of("size", "32x16"));
    metadata.put(key, value);

    assertThatThrownBy(() -> format(metadata))
        .isInstanceOf(UnusableModel.class)
        .hasMessage("the model's metadata has a wrong " + key);
  }
}
