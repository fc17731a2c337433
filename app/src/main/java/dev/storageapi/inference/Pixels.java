package dev.storageapi.inference;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * The pixels of what the JDK's readers return, by their samples. No colour is converted: Java makes
 * grey lighter on its way to RGB.
 */
final class Pixels {

  private Pixels() {}

  /**
   * The picture.
   *
   * @param width of the whole image, of which this may have fewer pixels
   * @param height likewise
   */
  static Picture picture(BufferedImage image, int width, int height) {
    int columns = image.getWidth();
    byte[] rgb = new byte[3 * columns * image.getHeight()];
    if (image.getType() == BufferedImage.TYPE_3BYTE_BGR) {
      swap(((DataBufferByte) image.getRaster().getDataBuffer()).getData(), rgb);
    } else if (image.getColorModel() instanceof IndexColorModel palette) {
      indexed(image.getRaster(), palette, rgb);
    } else {
      samples(image.getRaster(), rgb);
    }
    return new Picture(width, height, columns, image.getHeight(), rgb);
  }

  private static void swap(byte[] bgr, byte[] rgb) {
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = bgr[i + 2];
      rgb[i + 1] = bgr[i + 1];
      rgb[i + 2] = bgr[i];
    }
  }

  private static void indexed(Raster raster, IndexColorModel palette, byte[] rgb) {
    int[] colours = new int[palette.getMapSize()];
    palette.getRGBs(colours);
    int[] row = new int[raster.getWidth()];
    int to = 0;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getPixels(0, y, row.length, 1, row);
      for (int index : row) {
        // Indices without a colour are broken, but others show them black.
        int colour = index < colours.length ? colours[index] : 0xff000000;
        int alpha = colour >>> 24;
        rgb[to++] = overWhite((colour >> 16) & 0xff, alpha);
        rgb[to++] = overWhite((colour >> 8) & 0xff, alpha);
        rgb[to++] = overWhite(colour & 0xff, alpha);
      }
    }
  }

  /** Grey or RGB, with alpha or not, of any depth. */
  private static void samples(Raster raster, byte[] rgb) {
    int bands = raster.getNumBands();
    int[] sizes = raster.getSampleModel().getSampleSize();
    int green = bands < 3 ? 0 : 1;
    int blue = bands < 3 ? 0 : 2;
    boolean alpha = bands == 2 || bands == 4;
    int[] row = new int[bands * raster.getWidth()];
    int to = 0;
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getPixels(0, y, raster.getWidth(), 1, row);
      for (int i = 0; i < row.length; i += bands) {
        int opacity = alpha ? to8Bits(row[i + bands - 1], sizes[bands - 1]) : 255;
        rgb[to++] = overWhite(to8Bits(row[i], sizes[0]), opacity);
        rgb[to++] = overWhite(to8Bits(row[i + green], sizes[green]), opacity);
        rgb[to++] = overWhite(to8Bits(row[i + blue], sizes[blue]), opacity);
      }
    }
  }

  /** A sample of so many bits, scaled and rounded (PNG, third edition, 13.12). */
  private static int to8Bits(int sample, int bits) {
    if (bits == 8) {
      return sample;
    }
    long max = (1L << bits) - 1;
    return (int) (((sample & max) * 255 + max / 2) / max);
  }

  private static byte overWhite(int value, int alpha) {
    return (byte) (alpha == 255 ? value : (value * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}
