package dev.storageapi.inference;

import dev.storageapi.testing.ImageFiles;
import java.nio.charset.StandardCharsets;

/** What Jazzer calls with bodies that it makes up: {@link FuzzTest}. */
public final class MultipartFuzz {

  private MultipartFuzz() {}

  /**
   * A part within the body, none, or a refusal: else Jazzer has a finding. The first line is the
   * type.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    int end = 0;
    while (end < input.length && input[end] != '\n') {
      end++;
    }
    String type = new String(input, 0, end, StandardCharsets.ISO_8859_1);
    byte[] body =
        end == input.length ? new byte[0] : ImageFiles.slice(input, end + 1, input.length);
    try {
      Multipart.find(type, body, "file", 4, 200)
          .ifPresent(part -> ImageFiles.slice(body, part.offset(), part.offset() + part.length()));
    } catch (NotPredicted e) {
      // As it should be.
    }
  }
}
