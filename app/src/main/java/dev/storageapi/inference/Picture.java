package dev.storageapi.inference;

import dev.storageapi.inference.NotPredicted.Reason;
import java.util.function.LongConsumer;

/**
 * A decoded image. It may have fewer columns and rows than the file: of large ones only each n-th
 * is kept. What is transparent lies over white.
 */
final class Picture {

  private final int width;
  private final int height;
  private final int columns;
  private final int rows;
  private final byte[] rgb;

  /**
   * A picture.
   *
   * @param width of the image as it is looked at, in pixels
   * @param height likewise
   * @param columns how many columns of pixels are here, the width or less
   * @param rows likewise
   * @param rgb row by row, three bytes a pixel: red, green, blue; not copied
   */
  Picture(int width, int height, int columns, int rows, byte[] rgb) {
    this.width = width;
    this.height = height;
    this.columns = columns;
    this.rows = rows;
    this.rgb = rgb;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  int columns() {
    return columns;
  }

  int rows() {
    return rows;
  }

  /** Not copied: it is not to be changed. */
  byte[] rgb() {
    return rgb;
  }

  /**
   * How much may be decoded.
   *
   * @param maxPixels of the file's width times its height
   * @param side the columns and the rows that are kept at most; half as many are kept at least, if
   *     the image has them
   * @param memory hears, before anything is made, how many bytes of the heap the pixels will take;
   *     it may wait, or throw {@link NotPredicted}
   */
  record Limits(long maxPixels, int side, LongConsumer memory) {

    /**
     * The JDK's readers have up to 8 for a pixel; then there are 3, and 2 for what is made of it.
     */
    private static final int BYTES_A_PIXEL = 13;

    /** Limits where there is memory enough. */
    Limits(long maxPixels, int side) {
      this(maxPixels, side, bytes -> {});
    }

    /** Formats with more have rows that cannot be held cheaply. JPEG and GIF have no more. */
    private static final int MAX_SIDE = 65_535;

    /**
     * Looks at the size that a header names, before anything is made of it.
     *
     * @throws NotPredicted if it is none, or too large
     */
    void check(int width, int height) {
      if (width <= 0 || height <= 0) {
        throw Bytes.broken("it has no width or no height");
      }
      if ((long) width * height > maxPixels || width > MAX_SIDE || height > MAX_SIDE) {
        throw new NotPredicted(
            Reason.TOO_MANY_PIXELS,
            "The image may have " + maxPixels + " pixels, and " + MAX_SIDE + " at a side.");
      }
      memory.accept((long) BYTES_A_PIXEL * kept(width) * kept(height));
    }

    /** Each how many-th of so many columns, or rows, is kept. */
    int step(int size) {
      return (size + side - 1) / side;
    }

    private int kept(int size) {
      return (size + step(size) - 1) / step(size);
    }
  }

  /**
   * Decodes a PNG, JPEG, GIF or BMP, told by its first bytes; of a GIF the first frame alone, as
   * large as it is itself. Bytes behind the image do not matter.
   *
   * @throws NotPredicted if it is another file, a broken one, or a too large one
   */
  static Picture decode(byte[] bytes, int offset, int length, Limits limits) {
    Bytes in = new Bytes(bytes, offset, length);
    if (in.startsWith(Png.SIGNATURE)) {
      return Png.decode(in, limits);
    }
    if (in.startsWith("\u00ff\u00d8\u00ff")) {
      return Jpeg.decode(in, limits);
    }
    if (in.startsWith("GIF87a") || in.startsWith("GIF89a")) {
      return Gif.decode(in, limits);
    }
    if (in.startsWith("BM")) {
      return Bmp.decode(in, limits);
    }
    throw new NotPredicted(Reason.NOT_DECODABLE, "The file is no PNG, JPEG, GIF or BMP.");
  }

  /**
   * The picture as it is to be looked at.
   *
   * @param orientation 1 to 8, of the Exif standard's tag 0x0112: from 5 on rows become columns
   */
  Picture turned(int orientation) {
    if (orientation == 1) {
      return this;
    }
    boolean transposed = orientation >= 5;
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean fromBelow =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int outColumns = transposed ? rows : columns;
    int outRows = transposed ? columns : rows;
    byte[] out = new byte[rgb.length];
    int at = 0;
    for (int y = 0; y < outRows; y++) {
      for (int x = 0; x < outColumns; x++) {
        int column = transposed ? y : x;
        int row = transposed ? x : y;
        int from =
            (fromBelow ? rows - 1 - row : row) * columns
                + (fromRight ? columns - 1 - column : column);
        out[at++] = rgb[3 * from];
        out[at++] = rgb[3 * from + 1];
        out[at++] = rgb[3 * from + 2];
      }
    }
    return transposed
        ? new Picture(height, width, outColumns, outRows, out)
        : new Picture(width, height, outColumns, outRows, out);
  }
}
