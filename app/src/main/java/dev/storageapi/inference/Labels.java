package dev.storageapi.inference;

import dev.storageapi.http.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    if (labels.size() != classes) {
      throw new UnusableModel(
          "there are " + labels.size() + " labels, and the model has " + classes + " classes");
    }
    return List.copyOf(labels);
  }

  private static List<String> lines(Path file) throws UnusableModel {
    try {
      return Files.readString(file).lines().map(String::strip).filter(s -> !s.isEmpty()).toList();
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
      Json.read(metadata.getBytes(StandardCharsets.UTF_8))
          .forEach(label -> labels.add(label.asText()));
      return labels;
    } catch (IllegalArgumentException e) {
      throw new UnusableModel("the model's metadata has wrong labels");
    }
  }
}
