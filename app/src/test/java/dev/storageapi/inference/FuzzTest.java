package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.ImageFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jazzer makes up inputs out of good ones, by what they reach in the code: here and in the JDK's
 * readers. It runs in a process of its own, since it changes the classes that it looks at. A
 * finding is told with the input in Base64.
 */
@Tag("ci")
@Timeout(600)
class FuzzTest {

  private static final int RUNS = 100_000;

  private static final String BODY =
      """
      multipart/form-data; boundary=xyz
      --xyz\r
      Content-Disposition: form-data; name="file"; filename="cat.png"\r
      Content-Type: image/png\r
      \r
      PIXELS\r
      --xyz\r
      Content-Disposition: form-data; name="other\\""\r
      \r
      \r
      --xyz--\r
      """;

  @TempDir private Path directory;

  @Test
  void bodiesThatAreMadeUpAreRefusedOrRead() throws IOException, InterruptedException {
    fuzz(MultipartFuzz.class, Map.of("body", BODY.getBytes(StandardCharsets.ISO_8859_1)));
  }

  @Test
  void imagesThatAreMadeUpAreRefusedOrDecoded() throws IOException, InterruptedException {
    fuzz(PictureFuzz.class, ImageFiles.ofAllKinds());
  }

  private void fuzz(Class<?> target, Map<String, byte[]> seeds)
      throws IOException, InterruptedException {
    Path corpus = Files.createDirectory(directory.resolve("corpus"));
    Path good = Files.createDirectory(directory.resolve("seeds"));
    for (Map.Entry<String, byte[]> seed : seeds.entrySet()) {
      Files.write(good.resolve(seed.getKey()), seed.getValue());
    }
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx512m",
                    "-Djava.awt.headless=true",
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "-XX:+EnableDynamicAgentLoading",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "com.code_intelligence.jazzer.Jazzer",
                    "--target_class=" + target.getName(),
                    "--instrumentation_includes=dev.storageapi.inference.**"
                        + ":com.sun.imageio.plugins.**",
                    "--reproducer_path=" + directory,
                    "-artifact_prefix=" + directory + "/",
                    "-runs=" + RUNS,
                    "-max_len=4096",
                    "-timeout=20",
                    corpus.toString(),
                    good.toString()))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      int exitCode = process.waitFor();
      String told = Files.readString(output, StandardCharsets.ISO_8859_1);
      assertThat(exitCode).as(told).isZero();
      assertThat(told).contains("Done " + RUNS + " runs");
    } finally {
      process.destroyForcibly();
    }
  }
}
