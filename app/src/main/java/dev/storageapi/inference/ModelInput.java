package dev.storageapi.inference;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.http.Json;
import dev.storageapi.inference.InputFormat.Channels;
import dev.storageapi.inference.InputFormat.Layout;
import dev.storageapi.inference.InputFormat.Resize;
import dev.storageapi.inference.ModelSettings.Size;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds out how a model wants its images: the settings decide, then the model's metadata, then the
 * shape of its input; what contradicts the shape is refused.
 */
final class ModelInput {

  /** Of so many images at least there must be room for the tensors. */
  private static final int LEAST_IMAGES = 4;

  private final long[] shape;
  private final Map<String, String> metadata;
  private final ModelSettings settings;

  /**
   * One for an input.
   *
   * @param shape of the input: batch, then channels, height and width in some order; -1 is open
   * @param metadata of the model: {@code layout}, {@code size}, {@code channels}, {@code mean},
   *     {@code std}, {@code resize}, as the settings have them, numbers as a JSON array
   */
  ModelInput(long[] shape, Map<String, String> metadata, ModelSettings settings) {
    this.shape = shape.clone();
    this.metadata = metadata;
    this.settings = settings;
  }

  InputFormat format() throws UnusableModel {
    if (shape.length != 4) {
      throw unusable("is no batch of images: it wants four dimensions");
    }
    Layout layout = layout();
    boolean first = layout == Layout.NCHW;
    Channels channels = channels(shape[first ? 1 : 3]);
    Size size = size(shape[first ? 3 : 2], shape[first ? 2 : 1]);
    int count = channels.count();
    long bytes = (long) Float.BYTES * size.width() * size.height() * count;
    if (bytes > settings.memoryBytes() / LEAST_IMAGES) {
      throw unusable("is too large for INFERENCE_MEMORY_BYTES: an image takes " + bytes + " bytes");
    }
    List<Float> std = numbers("std", settings.std(), count, 1);
    if (std.stream().anyMatch(deviation -> deviation < ModelSettings.LEAST_STD)) {
      throw new UnusableModel("the model's std is less than " + ModelSettings.LEAST_STD);
    }
    return new InputFormat(
        size.width(),
        size.height(),
        channels,
        layout,
        numbers("mean", settings.mean(), count, 0),
        std,
        said(settings.resize(), "resize", Resize.class).orElse(Resize.CROP));
  }

  private Layout layout() throws UnusableModel {
    Optional<Layout> said = said(settings.layout(), "layout", Layout.class);
    if (said.isPresent()) {
      return said.get();
    }
    boolean first = isChannels(shape[1]);
    if (first == isChannels(shape[3])) {
      throw unusable("does not tell its layout: set MODEL_LAYOUT");
    }
    return first ? Layout.NCHW : Layout.NHWC;
  }

  private static boolean isChannels(long count) {
    return count == 1 || count == 3;
  }

  private Channels channels(long count) throws UnusableModel {
    Optional<Channels> said = said(settings.channels(), "channels", Channels.class);
    if (count < 0) {
      return said.orElseThrow(() -> unusable("does not tell its channels: set MODEL_CHANNELS"));
    }
    Channels channels = said.orElse(count == 1 ? Channels.GREY : Channels.RGB);
    if (count != channels.count()) {
      throw unusable(
          "has channels: " + count + ", which is not " + channels.name().toLowerCase(Locale.ROOT));
    }
    return channels;
  }

  private Size size(long width, long height) throws UnusableModel {
    Optional<Size> said = settings.size();
    String value = metadata.get("size");
    if (said.isEmpty() && value != null) {
      said = Optional.of(Size.of(value).orElseThrow(() -> wrong("size")));
    }
    if (said.isEmpty() && (width < 0 || height < 0)) {
      throw unusable("does not tell its size: set MODEL_SIZE");
    }
    Size size = said.orElseGet(() -> new Size((int) width, (int) height));
    if ((width >= 0 && width != size.width()) || (height >= 0 && height != size.height())) {
      throw unusable("is not " + size.width() + "x" + size.height() + " as is set");
    }
    if (Math.min(width, height) == 0
        || Math.max(size.width(), size.height()) > ModelSettings.MAX_SIDE) {
      throw unusable("is not between 1 and " + ModelSettings.MAX_SIDE + " pixels wide and high");
    }
    return size;
  }

  private <E extends Enum<E>> Optional<E> said(Optional<E> setting, String key, Class<E> type)
      throws UnusableModel {
    String value = metadata.get(key);
    if (setting.isPresent() || value == null) {
      return setting;
    }
    return Optional.of(
        Stream.of(type.getEnumConstants())
            .filter(constant -> constant.name().equalsIgnoreCase(value))
            .findFirst()
            .orElseThrow(() -> wrong(key)));
  }

  private List<Float> numbers(String key, List<Float> setting, int count, float otherwise)
      throws UnusableModel {
    List<Float> numbers = new ArrayList<>(setting);
    String value = metadata.get(key);
    if (numbers.isEmpty() && value != null) {
      numbers.addAll(array(key, value));
    }
    if (numbers.isEmpty()) {
      numbers.add(otherwise);
    }
    if (numbers.size() != 1 && numbers.size() != count) {
      throw new UnusableModel(
          "there are "
              + numbers.size()
              + " numbers for "
              + key
              + ", and the channels are "
              + count);
    }
    return numbers.size() == count ? numbers : Collections.nCopies(count, numbers.get(0));
  }

  private static List<Float> array(String key, String json) throws UnusableModel {
    List<Float> numbers = new ArrayList<>();
    try {
      JsonNode array = Json.read(json.getBytes(StandardCharsets.UTF_8));
      if (array.isArray()) {
        array.forEach(number -> numbers.add(number.isNumber() ? number.floatValue() : Float.NaN));
      }
    } catch (IllegalArgumentException e) {
      throw wrong(key);
    }
    if (numbers.isEmpty() || numbers.stream().anyMatch(number -> !Float.isFinite(number))) {
      throw wrong(key);
    }
    return numbers;
  }

  private static UnusableModel wrong(String key) {
    return new UnusableModel("the model's metadata has a wrong " + key);
  }

  private UnusableModel unusable(String why) {
    return new UnusableModel("the model's input " + Arrays.toString(shape) + " " + why);
  }
}
