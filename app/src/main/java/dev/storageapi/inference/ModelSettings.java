package dev.storageapi.inference;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the model is, and what the settings say about it. What they leave open is read from the
 * model: from its shapes, or from its metadata under the same names.
 *
 * @param name what answers and metrics call it
 * @param file an ONNX file; none for the digits that ship with the product
 * @param labels a file with the name of a class in each line, in the order of the model's outputs
 * @param mean for each channel what is taken off, where white is 1; empty if not said
 * @param std for each channel what the rest is divided by; empty if not said
 * @param softmax whether the model's outputs are still to be made probabilities
 * @param intraOpThreads the threads that share the work of one run
 * @param nativeDirectory where the runtime's native library is unpacked to
 * @param memoryBytes of the heap, which all images that are decoded or wait share
 */
public record ModelSettings(
    String name,
    Optional<Path> file,
    Optional<Path> labels,
    Optional<InputFormat.Layout> layout,
    Optional<Size> size,
    Optional<InputFormat.Channels> channels,
    List<Float> mean,
    List<Float> std,
    Optional<InputFormat.Resize> resize,
    Optional<Boolean> softmax,
    int intraOpThreads,
    Path nativeDirectory,
    long memoryBytes) {

  /** A smaller deviation would make numbers of pixels that are none any more. */
  public static final float LEAST_STD = 1e-6f;

  /** What is larger would be no thumbnail any more. */
  static final int MAX_SIDE = 4096;

  /** Of an image, in pixels. */
  public record Size(int width, int height) {

    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,3})x([1-9][0-9]{0,3})");

    /** {@code 224x224}, width first; nothing if it is no size, or too large. */
    public static Optional<Size> of(String text) {
      Matcher sides = FORM.matcher(text);
      return Optional.of(sides)
          .filter(Matcher::matches)
          .map(s -> new Size(Integer.parseInt(s.group(1)), Integer.parseInt(s.group(2))))
          .filter(size -> Math.max(size.width(), size.height()) <= MAX_SIDE);
    }
  }
}
