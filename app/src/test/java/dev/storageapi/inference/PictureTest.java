package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.inference.NotPredicted.Reason;
import dev.storageapi.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pixels are read of images as they should be. */
class PictureTest {

  private static final Picture.Limits LIMITS = new Picture.Limits(1_000_000, 1024);

  @Test
  void whatIsWrittenWithoutLossIsReadAsItWas() {
    for (String format : new String[] {"png", "bmp"}) {
      for (int type :
          new int[] {
            BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_BYTE_INDEXED,
            BufferedImage.TYPE_BYTE_BINARY
          }) {
        BufferedImage image = ImageFiles.colourful(37, 21, type);
        assertThat(decode(ImageFiles.write(format, image)).rgb())
            .as(format + " of type " + type)
            .isEqualTo(overWhite(image));
      }
    }
  }

  @Test
  void whatIsTransparentLiesOverWhite() {
    BufferedImage image = ImageFiles.colourful(300, 20, BufferedImage.TYPE_4BYTE_ABGR);
    assertThat(decode(ImageFiles.write("png", image)).rgb()).isEqualTo(overWhite(image));
    BufferedImage palette = ImageFiles.transparent();
    assertThat(decode(ImageFiles.write("png", palette)).rgb()).isEqualTo(overWhite(palette));
    assertThat(decode(ImageFiles.write("gif", palette)).rgb()).isEqualTo(overWhite(palette));
  }

  /** Java's conversion of colours would make 128 to 188. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void greyOfEachDepthIsExact(int depth) {
    int max = (1 << depth) - 1;
    byte[] rows = new byte[(256 * depth + 7) / 8 + 1];
    for (int x = 0; x < 256; x++) {
      int sample = x * max / 255;
      if (depth == 16) {
        rows[1 + 2 * x] = (byte) (sample >> 8);
        rows[2 + 2 * x] = (byte) sample;
      } else {
        rows[1 + x * depth / 8] |= (byte) (sample << (8 - depth - x * depth % 8));
      }
    }
    byte[] rgb = decode(ImageFiles.png(256, 1, depth, 0, rows)).rgb();
    for (int x = 0; x < 256; x++) {
      int sample = x * max / 255;
      int expected = Math.round(sample * 255f / max);
      assertThat(rgb[3 * x] & 0xff).as("column " + x).isEqualTo(expected);
      assertThat(rgb[3 * x + 1]).isEqualTo(rgb[3 * x]);
      assertThat(rgb[3 * x + 2]).isEqualTo(rgb[3 * x]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpeg", "bmp", "png", "gif"})
  void greyOfEachFormatIsExact(String format) throws IOException {
    BufferedImage image = new BufferedImage(256, 8, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 256 * 8; i++) {
      image.getRaster().setSample(i % 256, i / 256, 0, i % 256);
    }
    byte[] file = ImageFiles.write(format, image);
    byte[] rgb = decode(file).rgb();
    BufferedImage read = ImageIO.read(new ByteArrayInputStream(file));
    for (int i = 0; i < 256 * 8; i++) {
      int sample =
          format.equals("jpeg") ? read.getRaster().getSample(i % 256, i / 256, 0) : i % 256;
      assertThat(rgb[3 * i] & 0xff).isEqualTo(sample);
    }
  }

  @Test
  void greyWithAlphaIsExact() {
    byte[] rows = {0, 100, (byte) 255, 100, 0, 100, 51};
    assertThat(decode(ImageFiles.png(3, 1, 8, 4, rows)).rgb())
        .containsExactly(100, 100, 100, 255, 255, 255, 224, 224, 224);
    byte[] deep = {0, 100, 100, (byte) 255, (byte) 255, 100, 0, 0, 0};
    assertThat(decode(ImageFiles.png(2, 1, 16, 4, deep)).rgb())
        .containsExactly(100, 100, 100, 255, 255, 255);
  }

  @Test
  void deepColoursAreRounded() {
    byte[] rows = {0, 1, 2, 3, (byte) 200, 5, 6};
    assertThat(decode(ImageFiles.png(1, 1, 16, 2, rows)).rgb()).containsExactly(1, 4, 5);
    byte[] alpha = {0, 1, 1, 2, 2, 3, 3, (byte) 255, (byte) 255};
    assertThat(decode(ImageFiles.png(1, 1, 16, 6, alpha)).rgb()).containsExactly(1, 2, 3);
  }

  /** One value of the samples that stands for transparent (PNG, 11.3.1.1). */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "4, 5", "8, 77", "16, 5000"})
  void oneTransparentGreyIsWhite(int depth, int grey) {
    byte[] rows =
        depth == 16
            ? new byte[] {0, (byte) (grey >> 8), (byte) grey}
            : new byte[] {0, (byte) (grey << (8 - depth))};
    byte[] transparent = ImageFiles.chunk("tRNS", (byte) (grey >> 8), (byte) grey);
    byte[] other = ImageFiles.chunk("tRNS", (byte) 0, (byte) 0);
    assertThat(decode(ImageFiles.png(1, 1, depth, 0, rows, transparent)).rgb()[0])
        .isEqualTo((byte) 255);
    assertThat(decode(ImageFiles.png(1, 1, depth, 0, rows, other)).rgb()[0] & 0xff)
        .isEqualTo(Math.round(grey * 255f / ((1 << depth) - 1)));
  }

  @Test
  void oneTransparentColourIsWhite() {
    byte[] rows = {0, 1, 2, 3, 1, 2, 4};
    byte[] transparent =
        ImageFiles.chunk("tRNS", (byte) 0, (byte) 1, (byte) 0, (byte) 2, (byte) 0, (byte) 3);
    assertThat(decode(ImageFiles.png(2, 1, 8, 2, rows, transparent)).rgb())
        .containsExactly(255, 255, 255, 1, 2, 4);
  }

  /** Indices beyond the palette are an error that everybody shows as something. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void palettesOfEachDepthAreExact(int depth) {
    byte[] palette =
        ImageFiles.chunk("PLTE", (byte) 9, (byte) 8, (byte) 7, (byte) 1, (byte) 2, (byte) 3);
    byte[] transparent = ImageFiles.chunk("tRNS", (byte) 255, (byte) 0);
    byte[] rows = {0, (byte) (1 << (8 - depth))};
    assertThat(decode(ImageFiles.png(1, 1, depth, 3, rows, palette)).rgb())
        .containsExactly(1, 2, 3);
    assertThat(decode(ImageFiles.png(1, 1, depth, 3, rows, palette, transparent)).rgb())
        .containsExactly(255, 255, 255);
    assertThat(
            decode(ImageFiles.png(1, 1, depth, 3, new byte[] {0, 0}, palette, transparent)).rgb())
        .containsExactly(9, 8, 7);
  }

  @Test
  void interlacedAndProgressiveImagesAreTheSame() {
    BufferedImage colours = ImageFiles.colourful(37, 21, BufferedImage.TYPE_3BYTE_BGR);
    BufferedImage palette = ImageFiles.colourful(37, 21, BufferedImage.TYPE_BYTE_INDEXED);
    assertThat(decode(ImageFiles.progressive("png", colours)).rgb())
        .isEqualTo(decode(ImageFiles.write("png", colours)).rgb());
    assertThat(decode(ImageFiles.progressive("jpeg", colours)).rgb())
        .isEqualTo(decode(ImageFiles.write("jpeg", colours)).rgb());
    assertThat(decode(ImageFiles.progressive("gif", palette)).rgb())
        .isEqualTo(decode(ImageFiles.sequential("gif", palette)).rgb())
        .isEqualTo(overWhite(palette));
  }

  /** The JDK's reader mistakes the rows of interlaced ones that are less than five rows high. */
  @Test
  void gifsOfAllSizesAreReadAsTheyWere() {
    for (int size = 1; size < 200; size += size < 12 ? 1 : 37) {
      for (int type : new int[] {BufferedImage.TYPE_BYTE_INDEXED, BufferedImage.TYPE_BYTE_BINARY}) {
        BufferedImage image = ImageFiles.colourful(size, 1 + size * 3 / 2, type);
        byte[] expected = overWhite(image);
        assertThat(decode(ImageFiles.sequential("gif", image)).rgb()).isEqualTo(expected);
        assertThat(decode(ImageFiles.progressive("gif", image)).rgb()).isEqualTo(expected);
      }
    }
  }

  @Test
  void ofAnAnimationTheFirstFrameIsRead() {
    Picture picture = decode(ImageFiles.animated());
    assertThat(picture.rgb())
        .isEqualTo(overWhite(ImageFiles.colourful(13, 9, BufferedImage.TYPE_BYTE_INDEXED)));
  }

  @Test
  void jpegsAreAsTheJdkReadsThem() throws IOException {
    for (int size : new int[] {1, 7, 8, 9, 40, 224}) {
      byte[] file =
          ImageFiles.write(
              "jpeg", ImageFiles.colourful(size, 1 + size / 2, BufferedImage.TYPE_3BYTE_BGR));
      assertThat(decode(file).rgb())
          .isEqualTo(overWhite(ImageIO.read(new ByteArrayInputStream(file))));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"BI_RGB", "BI_RLE8"})
  void bitmapsMayBeCompressed(String compression) {
    BufferedImage image = ImageFiles.colourful(37, 21, BufferedImage.TYPE_BYTE_INDEXED);
    assertThat(decode(ImageFiles.compressed("bmp", compression, image)).rgb())
        .isEqualTo(overWhite(image));
  }

  @Test
  void bitmapsOfMasksAreScaled() {
    BufferedImage image = ImageFiles.colourful(37, 21, BufferedImage.TYPE_USHORT_565_RGB);
    assertThat(decode(ImageFiles.write("bmp", image)).rgb()).isEqualTo(overWhite(image));
  }

  @Test
  void bitmapsMayGoFromTheTopDown() {
    byte[] file = ImageFiles.write("bmp", ImageFiles.colourful(4, 3, BufferedImage.TYPE_3BYTE_BGR));
    byte[] rgb = decode(file).rgb();
    file[22] = -3;
    Arrays.fill(file, 23, 26, (byte) -1);
    byte[] turned = decode(file).rgb();
    for (int y = 0; y < 3; y++) {
      assertThat(ImageFiles.slice(turned, 12 * y, 12 * y + 12))
          .isEqualTo(ImageFiles.slice(rgb, 12 * (2 - y), 12 * (2 - y) + 12));
    }
  }

  /** As the Exif standard shows them: where the first row and the first column are seen. */
  @ParameterizedTest
  @CsvSource({
    "1, 123456, 3",
    "2, 321654, 3",
    "3, 654321, 3",
    "4, 456123, 3",
    "5, 142536, 2",
    "6, 415263, 2",
    "7, 635241, 2",
    "8, 362514, 2"
  })
  void picturesAreTurnedAsTheirCameraWas(int orientation, String expected, int columns) {
    byte[] rgb = new byte[18];
    for (int i = 0; i < 18; i++) {
      rgb[i] = (byte) ('1' + i / 3);
    }
    Picture turned = new Picture(3, 2, 3, 2, rgb).turned(orientation);
    StringBuilder seen = new StringBuilder();
    for (int i = 0; i < 18; i += 3) {
      seen.append((char) turned.rgb()[i]);
    }
    assertThat(seen).hasToString(expected);
    assertThat(turned.columns()).isEqualTo(columns);
    assertThat(turned.width()).isEqualTo(columns);
    assertThat(turned.width() * turned.height()).isEqualTo(6);
  }

  @Test
  void theOrientationIsReadOfExif() {
    byte[] file =
        ImageFiles.write("jpeg", ImageFiles.colourful(23, 17, BufferedImage.TYPE_3BYTE_BGR));
    Picture upright = decode(file);
    for (int orientation = 1; orientation <= 8; orientation++) {
      Picture turned = decode(ImageFiles.oriented(file, orientation));
      assertThat(turned.rgb()).isEqualTo(upright.turned(orientation).rgb());
      assertThat(turned.width()).isEqualTo(orientation < 5 ? 23 : 17);
    }
    assertThat(decode(ImageFiles.oriented(file, 0)).rgb()).isEqualTo(upright.rgb());
    assertThat(decode(ImageFiles.oriented(file, 9)).rgb()).isEqualTo(upright.rgb());
  }

  @Test
  void brokenExifIsNone() {
    byte[] file =
        ImageFiles.write("jpeg", ImageFiles.colourful(23, 17, BufferedImage.TYPE_3BYTE_BGR));
    Picture upright = decode(file);
    byte[] exif = ImageFiles.slice(ImageFiles.oriented(file, 6), 6, 38);
    for (int i = 0; i < exif.length; i++) {
      for (int value : new int[] {0, 1, 0x7f, 0x80, 0xff}) {
        byte[] broken = exif.clone();
        broken[i] = (byte) value;
        assertThat(decode(ImageFiles.withSegment(file, 0xe1, broken)).rgb()).isNotEmpty();
      }
      byte[] cut = ImageFiles.withSegment(file, 0xe1, Arrays.copyOf(exif, i));
      assertThat(decode(cut).rgb()).hasSameSizeAs(upright.rgb());
    }
  }

  /** Without a marker of JFIF or Adobe the JDK takes colours that are not thinned out for RGB. */
  @Test
  void coloursOfJpegAreGuessedAsOthersDo() {
    byte[] file =
        ImageFiles.write("jpeg", ImageFiles.colourful(23, 17, BufferedImage.TYPE_3BYTE_BGR));
    byte[] bare = ImageFiles.concat(new byte[] {-1, -40}, ImageFiles.slice(file, 20, file.length));
    assertThat(decode(bare).rgb()).isEqualTo(decode(file).rgb());
    byte[] adobe = "Adobe\0d\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
    byte[] rgb = decode(ImageFiles.withSegment(bare, 0xee, adobe)).rgb();
    assertThat(rgb).isNotEqualTo(decode(file).rgb());
    assertThat(decode(ImageFiles.withSegment(file, 0xee, adobe)).rgb())
        .isEqualTo(decode(file).rgb());
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg", "gif", "bmp"})
  void ofLargeImagesEachNthPixelIsKept(String format) throws IOException {
    int type =
        format.equals("gif") ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_3BYTE_BGR;
    byte[] file = ImageFiles.write(format, ImageFiles.colourful(67, 31, type));
    byte[] all = overWhite(ImageIO.read(new ByteArrayInputStream(file)));
    Picture thin = Picture.decode(file, 0, file.length, new Picture.Limits(1_000_000, 10));
    assertThat(thin.width()).isEqualTo(67);
    assertThat(thin.height()).isEqualTo(31);
    assertThat(thin.columns()).isEqualTo(10);
    assertThat(thin.rows()).isEqualTo(8);
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 10; x++) {
        assertThat(thin.rgb()[3 * (y * 10 + x)])
            .as(x + ", " + y)
            .isEqualTo(all[3 * (y * 4 * 67 + x * 7)]);
      }
    }
  }

  @Test
  void theFileMayBeAnywhereInAnArray() {
    for (Map.Entry<String, byte[]> file : ImageFiles.ofAllKinds().entrySet()) {
      byte[] around = new byte[file.getValue().length + 200];
      Arrays.fill(around, (byte) 0xd9);
      System.arraycopy(file.getValue(), 0, around, 100, file.getValue().length);
      Picture picture = Picture.decode(around, 100, file.getValue().length, LIMITS);
      assertThat(picture.rgb()).as(file.getKey()).isEqualTo(decode(file.getValue()).rgb());
    }
  }

  @Test
  void otherFilesAreNone() {
    for (String other :
        new String[] {"", "B", "GIF88a", "II*\0", "MM\0*", "<svg/>", "\0\0\u0001"}) {
      byte[] bytes = other.getBytes(StandardCharsets.ISO_8859_1);
      assertThatThrownBy(() -> decode(bytes))
          .isInstanceOfSatisfying(
              NotPredicted.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_DECODABLE));
    }
  }

  private static Picture decode(byte[] file) {
    return Picture.decode(file, 0, file.length, LIMITS);
  }

  private static byte[] overWhite(BufferedImage image) {
    byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
    for (int i = 0; i < rgb.length; i++) {
      int pixel = i / 3;
      int argb = image.getRGB(pixel % image.getWidth(), pixel / image.getWidth());
      int value = argb >> (16 - 8 * (i % 3)) & 0xff;
      int alpha = argb >>> 24;
      rgb[i] = (byte) Math.round((value * alpha + 255 * (255 - alpha)) / 255f);
    }
    return rgb;
  }
}
