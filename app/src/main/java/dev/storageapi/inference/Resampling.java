package dev.storageapi.inference;

import java.util.Arrays;

/**
 * How samples in a line become fewer or more: by a triangle as wide as it has to be for none to be
 * left out. First the rows, then the columns; after each the samples are rounded. So they are the
 * same as of {@code Image.resize} with {@code BILINEAR} in Pillow 11 (its Resample.c; version 13
 * sometimes begins with the columns), and nearly those of torchvision with {@code antialias=True}.
 */
final class Resampling {

  /** Pillow's: what is left of 32 bits beside 8 of a sample and 2 for sums. */
  private static final int PRECISION = 22;

  private final int from;
  private final int to;
  private final int[] first;
  private final int[][] weights;

  /** Makes so many samples of so many. */
  Resampling(int from, int to) {
    this.from = from;
    this.to = to;
    this.first = new int[to];
    this.weights = new int[to][];
    double scale = (double) from / to;
    double support = Math.max(1, scale);
    for (int i = 0; i < to; i++) {
      double center = (i + 0.5) * scale;
      int start = Math.max(0, (int) (center - support + 0.5));
      int end = Math.min(from, (int) (center + support + 0.5));
      first[i] = start;
      weights[i] = weights(start, end, center, support);
    }
  }

  private static int[] weights(int start, int end, double center, double support) {
    double[] triangle = new double[end - start];
    double sum = 0;
    for (int i = 0; i < triangle.length; i++) {
      triangle[i] = Math.max(0, 1 - Math.abs((i + start - center + 0.5) * (1 / support)));
      sum += triangle[i];
    }
    int[] weights = new int[triangle.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (int) (0.5 + triangle[i] / sum * (1 << PRECISION));
    }
    return weights;
  }

  /**
   * Resamples each row.
   *
   * @param stride how many bytes a row has in all
   * @param left which pixel of a row is the first that is used
   * @param top which row is the first that is used
   * @param rows how many are used
   * @param samples how many bytes a pixel has, 1 or 3
   */
  byte[] rows(byte[] pixels, int stride, int left, int top, int rows, int samples) {
    byte[] out = new byte[rows * to * samples];
    int at = 0;
    for (int y = top; y < top + rows; y++) {
      int row = y * stride + left * samples;
      if (from == to) {
        System.arraycopy(pixels, row, out, at, to * samples);
        at += to * samples;
      } else if (samples == 1) {
        at = row(pixels, row, out, at);
      } else {
        at = rgbRow(pixels, row, out, at);
      }
    }
    return out;
  }

  private int row(byte[] pixels, int row, byte[] out, int at) {
    for (int x = 0; x < to; x++) {
      int sum = 1 << (PRECISION - 1);
      int source = row + first[x];
      for (int weight : weights[x]) {
        sum += weight * (pixels[source++] & 0xff);
      }
      out[at + x] = clip(sum);
    }
    return at + to;
  }

  private int rgbRow(byte[] pixels, int row, byte[] out, int start) {
    int at = start;
    for (int x = 0; x < to; x++) {
      int red = 1 << (PRECISION - 1);
      int green = red;
      int blue = red;
      int source = row + 3 * first[x];
      for (int weight : weights[x]) {
        red += weight * (pixels[source] & 0xff);
        green += weight * (pixels[source + 1] & 0xff);
        blue += weight * (pixels[source + 2] & 0xff);
        source += 3;
      }
      out[at++] = clip(red);
      out[at++] = clip(green);
      out[at++] = clip(blue);
    }
    return at;
  }

  /** Resamples each column; a row has so many bytes. */
  byte[] columns(byte[] pixels, int stride) {
    if (from == to) {
      return pixels;
    }
    byte[] out = new byte[to * stride];
    int[] sums = new int[stride];
    for (int y = 0; y < to; y++) {
      Arrays.fill(sums, 1 << (PRECISION - 1));
      int source = first[y] * stride;
      for (int weight : weights[y]) {
        for (int x = 0; x < stride; x++) {
          sums[x] += weight * (pixels[source + x] & 0xff);
        }
        source += stride;
      }
      for (int x = 0; x < stride; x++) {
        out[y * stride + x] = clip(sums[x]);
      }
    }
    return out;
  }

  /** Rounding of the weights may make a sum a little too large. */
  private static byte clip(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> PRECISION));
  }
}
