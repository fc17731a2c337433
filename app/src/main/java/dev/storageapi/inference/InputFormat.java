package dev.storageapi.inference;

import java.util.List;

/**
 * What a model takes: one picture as floats.
 *
 * @param width in pixels
 * @param height in pixels
 * @param channels what a pixel has
 * @param layout in which order the floats are
 * @param mean of each channel, on the scale from 0 to 1: it is subtracted
 * @param std of each channel, on the same scale: what is left is divided by it
 * @param resize what becomes of a picture of other proportions
 */
public record InputFormat(
    int width,
    int height,
    Channels channels,
    Layout layout,
    List<Float> mean,
    List<Float> std,
    Resize resize) {

  /** Below this a large picture would lose lines that are thin, and cost hardly less. */
  private static final int LEAST_SIDE = 1024;

  /** What a pixel has. */
  public enum Channels {
    /** Luma (Recommendation ITU-R BT.601). */
    GREY(1, false),
    /** Red, green, blue. */
    RGB(3, false),
    /** Blue, green, red. */
    BGR(3, true);

    private final int count;
    private final boolean reversed;

    Channels(int count, boolean reversed) {
      this.count = count;
      this.reversed = reversed;
    }

    int count() {
      return count;
    }

    /** Where a channel is in what a picture has. */
    private int of(int channel) {
      return reversed ? count - 1 - channel : channel;
    }
  }

  /** In which order the floats are. */
  public enum Layout {
    /** Channel by channel. */
    NCHW,
    /** Pixel by pixel. */
    NHWC
  }

  /** What becomes of a picture of other proportions. */
  public enum Resize {
    /** What is too much is cut off, as much on one side as on the other. */
    CROP,
    /** The whole of it is used, its proportions are lost. */
    STRETCH
  }

  /**
   * A format.
   *
   * @throws IllegalArgumentException if a side is not positive, a channel has no mean or no
   *     deviation, or a deviation of 0
   */
  public InputFormat {
    if (width <= 0 || height <= 0) {
      throw new IllegalArgumentException("no width or no height");
    }
    if (mean.size() != channels.count() || std.size() != channels.count()) {
      throw new IllegalArgumentException("a mean and a deviation for each channel");
    }
    if (std.contains(0f)) {
      throw new IllegalArgumentException("a deviation of 0");
    }
    mean = List.copyOf(mean);
    std = List.copyOf(std);
  }

  /** How many bytes {@link #tensor} takes. */
  long bytes() {
    return (long) Float.BYTES * size();
  }

  /** How many floats there are. */
  int size() {
    return width * height * channels.count();
  }

  /** The dimensions of that many pictures together. */
  long[] shape(int pictures) {
    return layout == Layout.NCHW
        ? new long[] {pictures, channels.count(), height, width}
        : new long[] {pictures, height, width, channels.count()};
  }

  /** The most columns and rows of a picture that are worth to be decoded. */
  int side() {
    return Math.max(LEAST_SIDE, 4 * Math.max(width, height));
  }

  /** The picture as the model takes it; of as many floats as {@link #size} says. */
  float[] tensor(Picture picture) {
    int samples = channels.count();
    byte[] pixels = channels == Channels.GREY ? luma(picture.rgb()) : picture.rgb();
    int columns = picture.columns();
    int rows = picture.rows();
    if (resize == Resize.CROP) {
      // Of whole columns and rows, so that a picture of the right size stays as it is.
      double fit = Math.min((double) picture.width() / width, (double) picture.height() / height);
      columns = kept(fit * width / picture.width(), columns);
      rows = kept(fit * height / picture.height(), rows);
    }
    Resampling horizontal = new Resampling(columns, width);
    Resampling vertical = new Resampling(rows, height);
    int left = (picture.columns() - columns) / 2;
    int top = (picture.rows() - rows) / 2;
    byte[] narrow = horizontal.rows(pixels, picture.columns() * samples, left, top, rows, samples);
    return floats(vertical.columns(narrow, width * samples));
  }

  private static int kept(double share, int of) {
    return (int) Math.max(1, Math.min(of, Math.round(share * of)));
  }

  /** As Pillow makes "L" of "RGB": 0.299, 0.587 and 0.114, as 65536ths. Leaves grey as it is. */
  private static byte[] luma(byte[] rgb) {
    byte[] luma = new byte[rgb.length / 3];
    for (int i = 0, from = 0; i < luma.length; i++, from += 3) {
      int sum =
          19595 * (rgb[from] & 0xff)
              + 38470 * (rgb[from + 1] & 0xff)
              + 7471 * (rgb[from + 2] & 0xff);
      luma[i] = (byte) ((sum + 0x8000) >> 16);
    }
    return luma;
  }

  private float[] floats(byte[] pixels) {
    int samples = channels.count();
    boolean planes = layout == Layout.NCHW;
    float[] out = new float[pixels.length];
    for (int channel = 0; channel < samples; channel++) {
      float[] values = values(channel);
      int to = planes ? channel * width * height : channel;
      int step = planes ? 1 : samples;
      for (int from = channels.of(channel); from < pixels.length; from += samples, to += step) {
        out[to] = values[pixels[from] & 0xff];
      }
    }
    return out;
  }

  private float[] values(int channel) {
    float[] values = new float[256];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i / 255f - mean.get(channel)) / std.get(channel);
    }
    return values;
  }
}
