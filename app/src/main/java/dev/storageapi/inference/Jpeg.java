package dev.storageapi.inference;

import dev.storageapi.inference.NotPredicted.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * JPEG (ITU-T T.81), baseline or progressive, grey or colour. Goes through the whole file, from
 * marker to marker, before the JDK's reader gets it without comments, profiles and thumbnails. For
 * one thread.
 */
final class Jpeg {

  private static final int SOF0 = 0xc0;
  private static final int SOF2 = 0xc2;
  private static final int DHT = 0xc4;
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DQT = 0xdb;
  private static final int DNL = 0xdc;
  private static final int DRI = 0xdd;
  private static final int APP0 = 0xe0;
  private static final int APP1 = 0xe1;
  private static final int APP14 = 0xee;
  private static final int APP15 = 0xef;
  private static final int COM = 0xfe;

  /**
   * Encoders make about ten. The JDK's reader makes pixels of each anew, so that each takes as much
   * time as the only one of a baseline JPEG.
   */
  private static final int MAX_SCANS = 64;

  /** How many pixels all scans may have together, in images of the largest size. */
  private static final int SCANNED_IMAGES = 4;

  /**
   * Of several scans the JDK's reader holds the whole image outside the heap, up to 6 bytes for a
   * pixel: such an image may have this part of the pixels of another one.
   */
  private static final int HELD_PART = 4;

  /** JFIF 1.01: the three components are luma and two of chroma. */
  private static final String JFIF = "\u00ff\u00e0\0\u0010JFIF\0\u0001\u0001\0\0\u0001\0\u0001\0\0";

  /** Adobe's Technical Note 5116: the three components are red, green and blue. */
  private static final String ADOBE_RGB = "\u00ff\u00ee\0\u000eAdobe\0d\0\0\0\0\0";

  private final Bytes in;
  private final Picture.Limits limits;
  private final ByteArrayOutputStream segments;
  private int width;
  private int height;
  private boolean namedRgb;
  private boolean jfif;
  private int adobe = -1;
  private int orientation = 1;
  private int scans;

  private Jpeg(Bytes in, Picture.Limits limits) {
    this.in = in;
    this.limits = limits;
    this.segments = new ByteArrayOutputStream(in.length());
  }

  static Picture decode(Bytes in, Picture.Limits limits) {
    Jpeg jpeg = new Jpeg(in, limits);
    jpeg.walk();
    return JdkReader.JPEG
        .read(jpeg.clean(), jpeg.width, jpeg.height, limits)
        .turned(jpeg.orientation);
  }

  private void walk() {
    int at = 2;
    while (true) {
      if (in.at(at) != 0xff) {
        throw Bytes.broken("a JPEG has bytes between its segments");
      }
      while (in.at(at + 1) == 0xff) {
        at++;
      }
      int marker = in.at(at + 1);
      if (marker == EOI) {
        break;
      }
      at = segment(marker, at);
    }
    if (scans == 0) {
      throw Bytes.broken("a JPEG has no image");
    }
  }

  /** Reads a segment, and what follows it up to the next marker; returns where that is. */
  private int segment(int marker, int at) {
    if (marker < SOF0 || (marker >= 0xd0 && marker <= SOI)) {
      throw Bytes.broken("a JPEG has a marker in a place where it cannot be");
    }
    int length = in.big16(at + 2);
    in.need(at + 2, Math.max(2, length));
    int end = at + 2 + Math.max(2, length);
    switch (marker) {
      case SOS -> {
        scan();
        end = endOfScan(end);
      }
      case DHT, DQT, DNL, DRI -> {}
      case APP0 -> jfif |= in.has(at + 4, "JFIF\0");
      case APP1 -> orientation = Exif.orientation(in, at + 4, end, orientation);
      case APP14 -> adobe = in.has(at + 4, "Adobe") && length >= 14 ? in.at(at + 15) : adobe;
      default -> {
        if (marker <= 0xcf) {
          frame(marker, at, length);
        }
      }
    }
    boolean kept = marker <= 0xcf || (marker >= SOS && marker <= DRI);
    if (!kept && (marker < APP0 || marker > APP15) && marker != COM) {
      throw Bytes.broken("a JPEG has a segment of an unknown kind");
    }
    if (kept) {
      write(at, end - at);
    }
    return end;
  }

  private void write(int at, int count) {
    try {
      in.writeTo(segments, at, count);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
  }

  private void frame(int marker, int at, int length) {
    if (marker > SOF2) {
      throw Bytes.broken("a JPEG has a coding that is not read");
    }
    int components = in.at(at + 9);
    if (width != 0 || in.at(at + 4) != 8 || length != 8 + 3 * components) {
      throw Bytes.broken("a JPEG has a frame that it cannot have");
    }
    if (components != 1 && components != 3) {
      throw Bytes.broken("only grey and RGB are read of JPEG, not CMYK");
    }
    height = in.big16(at + 5);
    width = in.big16(at + 7);
    limits.check(width, height);
    if (marker == SOF2) {
      checkHeld();
    }
    namedRgb =
        components == 3 && in.at(at + 10) == 'R' && in.at(at + 13) == 'G' && in.at(at + 16) == 'B';
  }

  private void checkHeld() {
    long most = limits.maxPixels() / HELD_PART;
    if ((long) width * height > most) {
      throw new NotPredicted(
          Reason.TOO_MANY_PIXELS, "A JPEG of several scans may have " + most + " pixels.");
    }
  }

  private void scan() {
    if (width == 0) {
      throw Bytes.broken("a JPEG has a scan before its frame");
    }
    scans++;
    if (scans == 2) {
      checkHeld();
    }
    if (scans > MAX_SCANS || (long) width * height * scans > SCANNED_IMAGES * limits.maxPixels()) {
      throw new NotPredicted(Reason.TOO_MANY_PIXELS, "The image has too many scans.");
    }
  }

  private int endOfScan(int at) {
    int end = at;
    while (in.at(end) != 0xff || in.at(end + 1) == 0 || isRestart(in.at(end + 1))) {
      end++;
    }
    return end;
  }

  private static boolean isRestart(int marker) {
    return marker >= 0xd0 && marker <= 0xd7;
  }

  /**
   * The file with one segment that says which colours it has. The JDK's reader guesses where there
   * is none, and does not read what others do where there are several that contradict each other.
   */
  private Bytes clean() {
    boolean rgb = !jfif && (adobe >= 0 ? adobe == 0 : namedRgb);
    ByteArrayOutputStream out = new ByteArrayOutputStream(segments.size() + 32);
    out.writeBytes(new byte[] {(byte) 0xff, (byte) SOI});
    out.writeBytes((rgb ? ADOBE_RGB : JFIF).getBytes(StandardCharsets.ISO_8859_1));
    out.writeBytes(segments.toByteArray());
    out.writeBytes(new byte[] {(byte) 0xff, (byte) EOI});
    return new Bytes(out.toByteArray());
  }
}
