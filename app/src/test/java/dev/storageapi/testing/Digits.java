package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * The digits that the model did not learn from: cut out of contact sheets, of which {@code
 * model/README.md} tells the form.
 */
public final class Digits {

  private static final int SIDE = 8;
  private static final int IN_A_ROW = 10;

  private Digits() {}

  /** One of them. */
  public static final class Digit {

    private final int value;
    private final byte[] png;

    private Digit(int value, byte[] png) {
      this.value = value;
      this.png = png;
    }

    /** What it shows. */
    public int value() {
      return value;
    }

    /** The image, 8 by 8 pixels, bright on dark. */
    public byte[] png() {
      return png;
    }
  }

  /** All of them. */
  public static List<Digit> heldBack() {
    try (InputStream counts = resource("counts.txt")) {
      List<Digit> all = new ArrayList<>();
      for (String line : new String(counts.readAllBytes(), UTF_8).lines().toList()) {
        String[] words = line.split(" ", -1);
        all.addAll(tiles(Integer.parseInt(words[0]), Integer.parseInt(words[1])));
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Digit> tiles(int digit, int count) throws IOException {
    try (InputStream in = resource("sheet-" + digit + ".png")) {
      BufferedImage sheet = ImageIO.read(in);
      List<Digit> tiles = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int x = i % IN_A_ROW * SIDE;
        int y = i / IN_A_ROW * SIDE;
        tiles.add(new Digit(digit, png(sheet.getSubimage(x, y, SIDE, SIDE))));
      }
      return tiles;
    }
  }

  private static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return png.toByteArray();
  }

  private static InputStream resource(String name) {
    return Digits.class.getResourceAsStream("/digits/" + name);
  }
}
