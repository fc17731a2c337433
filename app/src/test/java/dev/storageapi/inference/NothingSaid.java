package dev.storageapi.inference;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The model that ships, by settings that leave everything to the model. */
final class NothingSaid {

  private NothingSaid() {}

  /** Those settings, with room enough; the native library is where all tests have it. */
  static ModelSettings settings() {
    return new ModelSettings(
        "digits",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        1,
        Path.of("target/native"),
        1L << 30);
  }
}
