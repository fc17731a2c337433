package dev.storageapi.inference;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/**
 * ONNX Runtime's native library, unpacked from its jar once and then found there by every start.
 * The runtime by itself unpacks into a new folder of the temporary directory at each start, which
 * no kill removes, and which in containers is often mounted so that nothing in it can be run.
 *
 * <p>The runtime looks into the folder that the system property {@value #PROPERTY} names. It makes
 * its temporary folder all the same, and leaves it empty.
 */
public final class NativeLibrary {

  /** Names the folder; to be set before the runtime's classes load. */
  public static final String PROPERTY = "onnxruntime.native.path";

  private static final List<String> NAMES = List.of("onnxruntime", "onnxruntime4j_jni");

  private NativeLibrary() {}

  /**
   * Puts what is missing in {@code folder}, or is not of this version.
   *
   * @throws UnusableModel if the jar is not there, has none for this machine, or the folder cannot
   *     be written to
   */
  static void unpackTo(Path folder) throws UnusableModel {
    try {
      Files.createDirectories(folder);
      for (String name : NAMES) {
        String file = System.mapLibraryName(name);
        unpack(resource(file), folder.resolve(file));
      }
    } catch (IOException e) {
      String why = e.getClass().getSimpleName(); // its message has the path
      throw new UnusableModel("cannot unpack ONNX Runtime to INFERENCE_NATIVE_DIR: " + why);
    }
  }

  private static URL resource(String file) throws UnusableModel {
    ClassLoader loader = NativeLibrary.class.getClassLoader();
    if (loader.getResource("ai/onnxruntime/OrtEnvironment.class") == null) {
      throw new UnusableModel("the library ONNX Runtime is not there");
    }
    URL found = loader.getResource("ai/onnxruntime/native/" + platform() + "/" + file);
    if (found == null) {
      throw new UnusableModel("ONNX Runtime has no native library for " + platform());
    }
    return found;
  }

  /** As the runtime names the folders of its jar. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    String system = os.contains("mac") ? "osx" : os.contains("win") ? "win" : "linux";
    return system + "-" + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }

  /** A file of the same size is taken for the same: versions differ in it. */
  private static void unpack(URL from, Path to) throws IOException {
    URLConnection connection = from.openConnection();
    connection.setUseCaches(false);
    try (InputStream in = connection.getInputStream()) {
      if (Files.exists(to) && Files.size(to) == connection.getContentLengthLong()) {
        return;
      }
      Path part =
          to.resolveSibling(to.getFileName() + "." + ProcessHandle.current().pid() + ".part");
      try {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    }
  }
}
