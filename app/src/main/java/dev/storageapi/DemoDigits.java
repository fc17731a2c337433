package dev.storageapi;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** What {@link Demo} asks the model about: digits as small as the model sees them, 8×8. */
final class DemoDigits {

  /** How many there are, from 0 on. */
  static final int COUNT = 10;

  /** Of {@link #form}. */
  static final String CONTENT_TYPE = "multipart/form-data; boundary=digits";

  private static final String HEAD =
      """
      --digits\r
      Content-Disposition: form-data; name="file"; filename="digit.png"\r
      Content-Type: image/png\r
      \r
      """;

  private static final int SIDE = 8;
  private static final int IN_A_LINE = 5;

  /** From white to black. */
  private static final String INK = " .o#";

  /** How far off the pixels of the worst picture are, of 255: a few are read wrongly. */
  private static final double MOST_NOISE = 50;

  private static final List<String> DRAWN =
      """
         ..   |    o   |  .oo   |  .##.  |   .#   |
        o##o  |   .#.  |  o##o  |  o.oo  |   #o   |
        #..#  |   o#   |  o .#  |    .o  |  o#o.  |
        #  #  |   o#   |    oo  |   .#.  | .#.oo  |
        #  #  |   #o   |   .#.  |   .#o  | ##o##o |
        #..#  |   #o   |  .#.   |    .#  | ooo##o |
        o##o  |  .#.   |  ##oo  |  o.oo  |    oo  |
         oo   |   o    |  oooo  |  .##.  |    o.  |
        o##o  |   .#   | ###### |   ..   |  .oo   |
        #o..  |   ##   | ....#o |  oooo  |  ###o  |
        #o.   |  o#.   |    .#. |  oo.o  | .#..#. |
        ###o  |  ##o.  |  oo##. |  .##.  | .#oo#  |
        . .#  | .####. |  oo#o  |  .##.  |  .##o  |
          .#  | .#..#. |   o#   |  o..o  |   .#.  |
        #ooo  | .####. |   #.   |  oooo  |  .#o   |
        .#o.  |  .##.  |  .#    |   ..   |  ..    |
      """
          .lines()
          .toList();

  private DemoDigits() {}

  /** A PNG of a digit, each time a little different. */
  static byte[] png(int digit, Random random) {
    double noise = MOST_NOISE * random.nextDouble();
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        double white = 255 - 85.0 * ink(digit, x, y) + noise * random.nextGaussian();
        image.getRaster().setSample(x, y, 0, Math.max(0, Math.min(255, white)));
      }
    }
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(image, "png", out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // it is written to memory
    }
  }

  private static int ink(int digit, int x, int y) {
    String line = DRAWN.get(digit / IN_A_LINE * SIDE + y);
    return INK.indexOf(line.charAt(digit % IN_A_LINE * (SIDE + 1) + x));
  }

  /** A form whose field {@code file} is called a PNG. */
  static byte[] form(byte[] file) {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.writeBytes(text(HEAD));
    form.writeBytes(file);
    form.writeBytes(text("\r\n--digits--\r\n"));
    return form.toByteArray();
  }

  /** A form with what only says that it is an image. */
  static byte[] unfit() {
    return form(text("not an image"));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
