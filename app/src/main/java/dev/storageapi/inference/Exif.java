package dev.storageapi.inference;

/** What an Exif segment of a JPEG says of how the image is to be turned (CIPA DC-008, 4.6.5). */
final class Exif {

  private static final int ENTRY = 12;
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  private Exif() {}

  /** From 1, as it is, to 8; the other one if the bytes from start to end do not say. */
  static int orientation(Bytes in, int start, int end, int other) {
    boolean exif = end - start >= 14 && in.has(start, "Exif\0\0");
    boolean little = exif && in.has(start + 6, "II*\0");
    if (!little && !(exif && in.has(start + 6, "MM\0*"))) {
      return other;
    }
    int tiff = start + 6;
    long directory = tiff + ((little ? in.little32(tiff + 4) : in.big32(tiff + 4)) & 0xffff_ffffL);
    if (directory + 2 > end) {
      return other;
    }
    int entries = number(in, (int) directory, little);
    int at = (int) directory + 2;
    for (int i = 0; i < entries && at + ENTRY <= end; i++, at += ENTRY) {
      if (number(in, at, little) == ORIENTATION && number(in, at + 2, little) == SHORT) {
        int value = number(in, at + 8, little);
        return value >= 1 && value <= 8 ? value : other;
      }
    }
    return other;
  }

  private static int number(Bytes in, int at, boolean little) {
    return little ? in.little16(at) : in.big16(at);
  }
}
