package dev.storageapi.inference;

/**
 * BMP: Windows' BITMAPCOREHEADER to BITMAPV5HEADER, uncompressed, with bit masks or run lengths.
 * Refused are those that the JDK's reader would hand on, to another reader or to the colour
 * management: with a JPEG or PNG inside, or a profile, which may be the name of a file.
 */
final class Bmp {

  private static final int FILE_HEADER = 14;
  private static final int CORE = 12;
  private static final int V1 = 40;
  private static final int V4 = 108;
  private static final int UNCOMPRESSED = 0;
  private static final int RLE8 = 1;
  private static final int RLE4 = 2;
  private static final int MASKS = 3;

  private Bmp() {}

  static Picture decode(Bytes in, Picture.Limits limits) {
    int header = in.little32(FILE_HEADER);
    boolean core = header == CORE;
    if (!core && header != V1 && header != 52 && header != 56 && header != V4 && header != 124) {
      throw Bytes.broken("a BMP has a header of an unknown kind");
    }
    int width = core ? (short) in.little16(18) : in.little32(18);
    int height = core ? (short) in.little16(20) : in.little32(22);
    int bits = in.little16(core ? 24 : 28);
    int compression = core ? UNCOMPRESSED : in.little32(30);
    // A negative height means that rows go from the top down; it may be one without an opposite.
    limits.check(width, Math.abs(Math.max(height, -Integer.MAX_VALUE)));
    if (!isKnown(bits, compression)) {
      throw Bytes.broken("a BMP has a compression or a depth that is not read");
    }
    if (header >= V4 && hasProfile(in)) {
      throw Bytes.broken("a BMP has a colour profile");
    }
    rowsAreThere(in, width, Math.abs(height), bits, compression);
    return JdkReader.BMP.read(in, width, Math.abs(height), limits);
  }

  private static boolean isKnown(int bits, int compression) {
    return switch (compression) {
      case UNCOMPRESSED -> bits == 1 || bits == 4 || bits == 8 || bits == 24 || isMasked(bits);
      case RLE8 -> bits == 8;
      case RLE4 -> bits == 4;
      case MASKS -> isMasked(bits);
      default -> false;
    };
  }

  private static boolean isMasked(int bits) {
    return bits == 16 || bits == 32;
  }

  /** LCS: "LINK", "MBED", as numbers with the lowest byte first. */
  private static boolean hasProfile(Bytes in) {
    return in.has(FILE_HEADER + 56, "KNIL") || in.has(FILE_HEADER + 56, "DEBM");
  }

  /** The JDK's reader does not notice where rows are missing. */
  private static void rowsAreThere(Bytes in, int width, int height, int bits, int compression) {
    long offset = in.little32(10) & 0xffff_ffffL;
    long row = ((long) width * bits + 7) / 8;
    long stride = (row + 3) / 4 * 4;
    boolean packed = compression == RLE8 || compression == RLE4;
    in.need(offset, packed ? 1 : stride * (height - 1) + row);
  }
}
