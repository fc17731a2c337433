package dev.storageapi.inference;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * PNG, third edition. The JDK's reader gets the chunks that make the pixels, and no others: it
 * unpacks texts and keeps profiles, however large they are.
 */
final class Png {

  static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

  private static final int HEADER = 13;
  private static final int GREY = 0;

  private Png() {}

  static Picture decode(Bytes in, Picture.Limits limits) {
    if (in.big32(8) != HEADER || !in.has(12, "IHDR")) {
      throw Bytes.broken("a PNG does not begin with its header");
    }
    int width = in.big32(16);
    int height = in.big32(20);
    limits.check(width, height);
    return JdkReader.PNG.read(new Bytes(clean(in)), width, height, limits);
  }

  private static byte[] clean(Bytes in) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(in.length());
    try (DataOutputStream chunks = new DataOutputStream(out)) {
      in.writeTo(out, 0, 8);
      copy(in, chunks);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return out.toByteArray();
  }

  private static void copy(Bytes in, DataOutputStream out) throws IOException {
    int at = 8;
    boolean data = false;
    while (!in.has(at + 4, "IEND")) {
      int length = in.big32(at);
      in.need(at, (length & 0xffff_ffffL) + 12);
      if (in.has(at + 4, "IDAT")) {
        data = true;
        in.writeTo(out, at, length + 12);
      } else if ((in.has(at + 4, "IHDR") && at == 8) || (in.has(at + 4, "PLTE") && !data)) {
        need(length <= 3 * 256);
        in.writeTo(out, at, length + 12);
      } else if (in.has(at + 4, "tRNS") && !data) {
        transparency(in, at, length, out);
      }
      at += length + 12;
    }
    need(data);
    out.writeInt(0);
    out.write("IEND".getBytes(StandardCharsets.US_ASCII));
    out.writeInt(0); // no reader of the JDK looks at the sums
  }

  /**
   * Which values are transparent. The JDK's reader compares the one of a grey image with samples
   * that it has scaled to 8 bits, so that it has to be scaled as well.
   */
  private static void transparency(Bytes in, int at, int length, DataOutputStream out)
      throws IOException {
    need(length <= 256);
    int depth = in.at(24);
    boolean packed = in.at(25) == GREY && depth < 8;
    out.writeInt(length);
    out.write("tRNS".getBytes(StandardCharsets.US_ASCII));
    if (packed && length == 2) {
      int max = (1 << depth) - 1;
      out.writeShort((in.big16(at + 8) & max) * 255 / Math.max(1, max));
    } else {
      in.writeTo(out, at + 8, length);
    }
    out.writeInt(0);
  }

  private static void need(boolean condition) {
    if (!condition) {
      throw Bytes.broken("a PNG has chunks that it cannot have");
    }
  }
}
