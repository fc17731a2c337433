package dev.storageapi.inference;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

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
   * Puts what is missing in {@code folder}, or is not of this version, or is damaged. Others who do
   * so at the same time wait for each other.
   *
   * @throws UnusableModel if the jar is not there, has none for this machine, or the folder cannot
   *     be written to
   */
  @SuppressWarnings("try") // the lock is there to be held
  static synchronized void unpackTo(Path folder) throws UnusableModel {
    try {
      if (isWhole(folder)) {
        return; // perhaps nobody may write there
      }
      Files.createDirectories(folder);
      Path lock = folder.resolve(".lock");
      try (FileChannel channel = FileChannel.open(lock, CREATE, WRITE);
          FileLock held = channel.lock()) {
        for (String name : NAMES) {
          String file = System.mapLibraryName(name);
          unpack(resource(file), folder.resolve(file));
        }
      }
    } catch (IOException e) {
      String why = e.getClass().getSimpleName(); // its message has the path
      throw new UnusableModel("cannot unpack ONNX Runtime to INFERENCE_NATIVE_DIR: " + why);
    }
  }

  private static boolean isWhole(Path folder) throws IOException, UnusableModel {
    for (String name : NAMES) {
      String file = System.mapLibraryName(name);
      if (!isSame(resource(file), folder.resolve(file))) {
        return false;
      }
    }
    return true;
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

  /** Whether the file has the size and the checksum that the jar has of it. */
  private static boolean isSame(URL from, Path to) throws IOException {
    if (!Files.isRegularFile(to)) {
      return false;
    }
    JarEntry entry = ((JarURLConnection) from.openConnection()).getJarEntry();
    if (Files.size(to) != entry.getSize()) {
      return false;
    }
    try (InputStream in = new CheckedInputStream(Files.newInputStream(to), new CRC32())) {
      in.transferTo(OutputStream.nullOutputStream());
      return ((CheckedInputStream) in).getChecksum().getValue() == entry.getCrc();
    }
  }

  /** On the disk as a whole before it has its name. */
  private static void unpack(URL from, Path to) throws IOException {
    if (isSame(from, to)) {
      return;
    }
    Path part = to.resolveSibling(to.getFileName() + ".part");
    try (InputStream in = from.openStream();
        FileChannel out = FileChannel.open(part, CREATE, WRITE, TRUNCATE_EXISTING)) {
      in.transferTo(Channels.newOutputStream(out));
      out.force(true);
    }
    Files.move(part, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
