package dev.storageapi.inference;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The names of a model's classes: of a file with one in each line; else of the model's metadata, a
 * JSON array; else their numbers.
 */
final class Labels {

  /** Each answer has five. */
  private static final int LONGEST = 200;

  private static final int MAX_BYTES = 16 << 20;

  private final Optional<Path> file;
  private final String metadata;

  /**
   * Names that are still to be read.
   *
   * @param metadata a JSON array of texts, or null
   */
  Labels(Optional<Path> file, String metadata) {
    this.file = file;
    this.metadata = metadata;
  }

  /**
   * The names of that many classes.
   *
   * @throws UnusableModel if the file cannot be read, or has another number of them
   */
  List<String> of(int classes) throws UnusableModel {
    List<String> labels = file.isPresent() ? lines(file.get()) : told(classes);
    if (labels.stream().anyMatch(label -> label.length() > LONGEST)) {
      throw new UnusableModel("a label has more than " + LONGEST + " characters");
    }
    if (labels.size() != classes) {
      throw new UnusableModel(
          "there are " + labels.size() + " labels, and the model has " + classes + " classes");
    }
    return List.copyOf(labels);
  }

  private static List<String> lines(Path file) throws UnusableModel {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new UnusableModel("MODEL_LABELS has more than " + MAX_BYTES + " bytes");
      }
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.replaceFirst("^\uFEFF", "")
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .toList();
    } catch (IOException e) {
      throw new UnusableModel("MODEL_LABELS is no file that can be read, or not in UTF-8");
    }
  }

  private List<String> told(int classes) throws UnusableModel {
    if (metadata == null) {
      return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }
    try {
      List<String> labels = new ArrayList<>();
      JsonNode array = Json.read(metadata.getBytes(UTF_8));
      array.forEach(label -> labels.add(label.textValue()));
      if (array.isArray() && !labels.contains(null)) {
        return labels;
      }
    } catch (IllegalArgumentException e) {
      // no JSON: as wrong as an array of something else
    }
    throw new UnusableModel("the model's metadata has wrong labels");
  }
}
