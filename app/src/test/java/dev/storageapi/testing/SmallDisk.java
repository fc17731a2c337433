package dev.storageapi.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A disk of a given size that can be filled to the last byte: a tmpfs, which only root may mount.
 * It takes that much memory at most. Close first what has files open in it.
 *
 * <pre>{@code
 * try (SmallDisk disk = SmallDisk.mount(128 << 20);
 *     PostgresCluster postgres = PostgresCluster.start(disk.path())) {
 *   disk.fill();
 *   …
 *   disk.free();
 * }
 * }</pre>
 */
public final class SmallDisk implements AutoCloseable {

  private static final int PIECE = 64 * 1024;

  private final Path path;
  private final Path filling;

  private SmallDisk(Path path) {
    this.path = path;
    this.filling = path.resolve("filling");
  }

  /** Skips the test, with a message, where no disk can be mounted. */
  public static void assumePossible() {
    mount(1 << 20).close();
  }

  /** Mounts a disk of so many bytes that everybody may write to, or skips the test. */
  public static SmallDisk mount(long bytes) {
    try {
      Path path = Files.createTempDirectory("small-disk");
      String options = "size=" + bytes + ",mode=1777";
      Command mount = Command.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path.toString());
      if (!mount.succeeded()) {
        Files.delete(path);
      }
      assumeTrue(mount.succeeded(), "skipped: needs the right to mount a tmpfs: " + mount.output());
      return new SmallDisk(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it is mounted. */
  public Path path() {
    return path;
  }

  /** The bytes that are left. */
  public long left() {
    try {
      return Files.getFileStore(path).getUsableSpace();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets nobody write to it any more, root included; no file may be open for writing. */
  public void makeReadOnly() {
    remount("ro");
  }

  /** Lets everybody write to it again. */
  public void makeWritable() {
    remount("rw");
  }

  private void remount(String option) {
    Command.run("mount", "-o", "remount," + option, path.toString()).orFail();
  }

  /** Takes all that is left now with one file. */
  public void fill() {
    try (OutputStream out = Files.newOutputStream(filling)) {
      byte[] piece = new byte[PIECE];
      while (true) {
        out.write(piece);
      }
    } catch (IOException e) {
      if (left() > 0) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Gives back what {@link #fill} took. */
  public void free() {
    try {
      Files.delete(filling);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Unmounts it, at the latest when the last process that uses it ends. */
  @Override
  public void close() {
    if (!Command.run("umount", path.toString()).succeeded()) {
      Command.run("umount", "--lazy", path.toString()).orFail();
    }
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
