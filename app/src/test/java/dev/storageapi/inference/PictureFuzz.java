package dev.storageapi.inference;

import dev.storageapi.inference.InputFormat.Channels;
import dev.storageapi.inference.InputFormat.Layout;
import dev.storageapi.inference.InputFormat.Resize;
import dev.storageapi.testing.Allocation;
import dev.storageapi.testing.ImageFiles;
import java.util.List;

/** What Jazzer calls with images that it makes up: {@link FuzzTest}. */
public final class PictureFuzz {

  private static final Picture.Limits LIMITS = new Picture.Limits(100_000, 64);
  private static final long MAX_ALLOCATED = 32L << 20;
  private static final InputFormat INPUT =
      new InputFormat(
          16, 12, Channels.GREY, Layout.NCHW, List.of(0.5f), List.of(0.5f), Resize.CROP);

  private PictureFuzz() {}

  /** Loads what there is to load: instrumenting classes takes memory as well. */
  public static void fuzzerInitialize() {
    for (byte[] file : ImageFiles.ofAllKinds().values()) {
      INPUT.tensor(Picture.decode(file, 0, file.length, LIMITS));
    }
  }

  /** A picture and its tensor, or a refusal, without much memory: else Jazzer has a finding. */
  public static void fuzzerTestOneInput(byte[] file) {
    long before = Allocation.bytes();
    try {
      if (INPUT.tensor(Picture.decode(file, 0, file.length, LIMITS)).length != 192) {
        throw new AssertionError("a tensor of another size");
      }
    } catch (NotPredicted e) {
      // As it should be.
    }
    long memory = Allocation.bytes() - before;
    if (memory > MAX_ALLOCATED) {
      throw new AssertionError(memory + " bytes for a file of " + file.length);
    }
  }
}
