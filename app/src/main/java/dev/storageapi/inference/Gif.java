package dev.storageapi.inference;

/**
 * GIF (GIF89a specification, 1990): its first frame. Decoded here, since the JDK's reader goes on
 * for as long as there are codes, also when all rows are done: a megabyte of them may stand for
 * gigabytes of pixels. It also returns what ends too early as if it were whole. For one thread.
 */
final class Gif {

  private static final int MAX_CODES = 4096;
  private static final int[] PASS_START = {0, 4, 2, 1};
  private static final int[] PASS_STEP = {8, 8, 4, 2};

  private final Bytes in;
  private int at;

  /** What the indices mean, as RGB; black without a table. */
  private int[] palette = new int[256];

  private int transparent = -1;

  private Gif(Bytes in) {
    this.in = in;
  }

  static Picture decode(Bytes in, Picture.Limits limits) {
    limits.check(in.little16(6), in.little16(8));
    return new Gif(in).frame(limits);
  }

  private Picture frame(Picture.Limits limits) {
    at = 13;
    colours(in.at(10));
    while (in.at(at) == 0x21) {
      extension();
    }
    if (in.at(at) != 0x2c) {
      throw Bytes.broken("a GIF has no frame");
    }
    int width = in.little16(at + 5);
    int height = in.little16(at + 7);
    int flags = in.at(at + 9);
    limits.check(width, height);
    at += 10;
    colours(flags);
    if (transparent >= 0) {
      palette[transparent] = 0xffffff;
    }
    Rows rows = new Rows(width, height, (flags & 0x40) != 0, limits);
    unpack(rows);
    return rows.picture();
  }

  /** Reads the table of colours that the flags announce. */
  private void colours(int flags) {
    if ((flags & 0x80) != 0) {
      palette = new int[256];
      for (int i = 0; i < 2 << (flags & 7); i++, at += 3) {
        palette[i] = (in.big16(at) << 8) | in.at(at + 2);
      }
    }
  }

  private void extension() {
    if (in.at(at + 1) == 0xf9 && in.at(at + 2) >= 4) {
      transparent = (in.at(at + 3) & 1) != 0 ? in.at(at + 6) : -1;
    }
    at += 2;
    while (in.at(at) != 0) {
      at += 1 + in.at(at);
    }
    at++;
  }

  /** Variable-length LZW (appendix F), up to the last pixel. */
  private void unpack(Rows rows) {
    int rootBits = in.at(at++);
    if (rootBits < 1 || rootBits > 8) {
      throw Bytes.broken("a GIF has codes of an impossible size");
    }
    int clear = 1 << rootBits;
    int[] prefix = new int[MAX_CODES];
    byte[] suffix = new byte[MAX_CODES];
    byte[] first = new byte[MAX_CODES];
    int[] length = new int[MAX_CODES];
    for (int i = 0; i < clear; i++) {
      suffix[i] = first[i] = (byte) i;
      length[i] = 1;
    }
    byte[] string = new byte[MAX_CODES + 1];
    Codes codes = new Codes();
    int next = clear + 2;
    int bits = rootBits + 1;
    int previous = -1;
    while (!rows.done()) {
      int code = codes.next(bits);
      if (code == clear) {
        next = clear + 2;
        bits = rootBits + 1;
        previous = -1;
        continue;
      }
      if (code == clear + 1 || code > next || code >= (previous < 0 ? clear : MAX_CODES)) {
        throw Bytes.broken("a GIF ends too early, or has a code that it cannot have");
      }
      if (previous >= 0 && next < MAX_CODES) {
        prefix[next] = previous;
        first[next] = first[previous];
        suffix[next] = first[code == next ? previous : code];
        length[next] = length[previous] + 1;
        next++;
        bits += next == 1 << bits && bits < 12 ? 1 : 0;
      }
      int c = code;
      for (int i = length[code] - 1; i >= 0; i--) {
        string[i] = suffix[c];
        c = prefix[c];
      }
      rows.add(string, length[code]);
      previous = code;
    }
  }

  /** The codes, out of blocks of at most 255 bytes. */
  private final class Codes {

    private int block;
    private int buffer;
    private int filled;

    int next(int bits) {
      while (filled < bits) {
        if (block == 0) {
          block = in.at(at++);
          if (block == 0) {
            throw Bytes.broken("a GIF ends too early");
          }
        }
        buffer |= in.at(at++) << filled;
        filled += 8;
        block--;
      }
      int code = buffer & ((1 << bits) - 1);
      buffer >>>= bits;
      filled -= bits;
      return code;
    }
  }

  /** The pixels in the order in which they come. */
  private final class Rows {

    private final int width;
    private final int height;
    private final boolean interlaced;
    private final int stepX;
    private final int stepY;
    private final int columns;
    private final byte[] rgb;
    private int x;
    private int y;
    private int pass;
    private int rowsDone;

    Rows(int width, int height, boolean interlaced, Picture.Limits limits) {
      this.width = width;
      this.height = height;
      this.interlaced = interlaced;
      this.stepX = limits.step(width);
      this.stepY = limits.step(height);
      this.columns = (width + stepX - 1) / stepX;
      this.rgb = new byte[3 * columns * ((height + stepY - 1) / stepY)];
    }

    boolean done() {
      return rowsDone == height;
    }

    void add(byte[] indices, int length) {
      for (int i = 0; i < length && !done(); i++) {
        if (y % stepY == 0 && x % stepX == 0) {
          int colour = palette[indices[i] & 0xff];
          int to = 3 * (y / stepY * columns + x / stepX);
          rgb[to] = (byte) (colour >> 16);
          rgb[to + 1] = (byte) (colour >> 8);
          rgb[to + 2] = (byte) colour;
        }
        x++;
        if (x == width) {
          x = 0;
          nextRow();
        }
      }
    }

    private void nextRow() {
      rowsDone++;
      y += interlaced ? PASS_STEP[pass] : 1;
      while (interlaced && y >= height && pass < 3) {
        pass++;
        y = PASS_START[pass];
      }
    }

    Picture picture() {
      return new Picture(width, height, columns, rgb.length / 3 / columns, rgb);
    }
  }
}
