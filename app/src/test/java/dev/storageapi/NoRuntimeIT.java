package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Form;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX Runtime's jar and its native library: taken away, unpacked once, nowhere to unpack to. */
@Tag("jdk")
class NoRuntimeIT {

  @TempDir private Path folder;

  private static Answer predict(ServiceProcess service) {
    byte[] png = Digits.heldBack().get(0).png();
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(new Form().file("file", "a.png", "image/png", png).request("/predict"));
      return client.answer();
    }
  }

  private static void awaitReason(ServiceProcess service, String reason) {
    await()
        .untilAsserted(
            () -> assertThat(service.send("GET", "/ready/inference").body()).contains(reason));
  }

  private Path withoutRuntime() throws IOException {
    Path jar = Path.of(System.getProperty("storageapi.jar"));
    Path lib = Files.createDirectory(folder.resolve("lib"));
    try (Stream<Path> jars = Files.list(jar.resolveSibling("lib"))) {
      for (Path one : jars.toList()) {
        if (!one.getFileName().toString().startsWith("onnxruntime")) {
          Files.copy(one, lib.resolve(one.getFileName()));
        }
      }
    }
    return Files.copy(jar, folder.resolve("storage-api.jar"));
  }

  @Test
  void withoutTheRuntimesJarAllElseWorksAndPredictSaysWhyNot() throws IOException {
    try (ServiceProcess service =
        ServiceProcess.withModel(Map.of()).jar(withoutRuntime()).start()) {
      awaitReason(service, "ONNX Runtime is not there");

      Answer answer = predict(service);
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.header("Retry-After")).isNotNull();
      assertThat(answer.body()).contains("\"detail\":", "ONNX Runtime is not there");
      assertThat(service.send("PUT", "/api/buckets/1", "x").statusCode()).isEqualTo(200);
      assertThat(service.send("GET", "/ready").statusCode()).isEqualTo(200);
      assertThat(service.scrape().sum("model_loaded")).isZero();
      assertThat(service.errors()).isEmpty();
      assertThat(service.lines()).noneMatch(line -> line.contains("lvl=[ERROR]"));
    }
  }

  @Test
  void theNativeLibraryIsUnpackedOnceToTheFolderThatIsSet() throws IOException {
    Path natives = folder.resolve("natives");
    Map<String, String> settings =
        Map.of("INFERENCE_NATIVE_DIR", natives.toString(), "READY_REQUIRES", "storage,inference");
    Path library = natives.resolve(System.mapLibraryName("onnxruntime"));
    Object first = start(settings, library);
    assertThat(start(settings, library)).isEqualTo(first);
    try (Stream<Path> files = Files.list(natives)) {
      assertThat(files).hasSize(3); // with the lock
    }
    byte[] damaged = Files.readAllBytes(library);
    Arrays.fill(damaged, damaged.length / 2, damaged.length, (byte) 0);
    Files.write(library, damaged);
    Object before = Files.getAttribute(library, "unix:ino");
    assertThat(start(settings, library)).isNotEqualTo(first);
    assertThat(Files.getAttribute(library, "unix:ino")).isNotEqualTo(before);
    try (Stream<Path> all = Files.walk(folder)) { // the runtime leaves empty folders beside it
      assertThat(all.filter(Files::isRegularFile)).allMatch(path -> path.startsWith(natives));
    }
  }

  /** Starts it, asks it, ends it: which file the library then is. */
  private Object start(Map<String, String> settings, Path library) throws IOException {
    try (ServiceProcess service =
        ServiceProcess.withModel(settings).jvm("-Djava.io.tmpdir=" + folder).start()) {
      await().until(() -> service.send("GET", "/ready").statusCode() == 200);
      assertThat(predict(service).status()).isEqualTo(200);
      assertThat(service.errors()).isEmpty();
    }
    return List.of(Files.getAttribute(library, "unix:ino"), Files.getLastModifiedTime(library));
  }

  @Test
  void whereTheLibraryCannotBeUnpackedItIsSaid() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Map<String, String> settings =
        Map.of("INFERENCE_NATIVE_DIR", file.resolve("natives").toString());
    try (ServiceProcess service = ServiceProcess.withModel(settings).start()) {
      awaitReason(service, "cannot unpack ONNX Runtime to INFERENCE_NATIVE_DIR");
      assertThat(predict(service).status()).isEqualTo(503);
    }
  }
}
