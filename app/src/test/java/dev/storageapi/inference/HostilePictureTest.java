package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.storageapi.inference.NotPredicted.Reason;
import dev.storageapi.testing.Allocation;
import dev.storageapi.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that were made to cost more than they should, and broken ones. */
@Timeout(60)
class HostilePictureTest {

  private static final Picture.Limits LIMITS = new Picture.Limits(16_000_000, 1024);
  private static final int MEGABYTE = 1 << 20;

  @ParameterizedTest
  @CsvSource({"50000, 50000", "2147483647, 2147483647", "65536, 1", "1, 16000000", "4001, 4000"})
  void sizesBeyondTheLimitAreRefusedByTheHeader(int width, int height) {
    assertTooLarge(ImageFiles.png(width, height, 8, 6, new byte[1000]));
    assertTooLarge(bmp(width, height, 24, 0));
    assertTooLarge(bmp(width, -height, 24, 0));
    if (width < 65_536 && height < 65_536) {
      assertTooLarge(resized(ImageFiles.ofAllKinds().get("rgb.jpeg"), width, height));
      assertTooLarge(resized(ImageFiles.ofAllKinds().get("progressive.jpeg"), width, height));
      assertTooLarge(ImageFiles.gif(1, width, height, ImageFiles.blocks(new byte[1000])));
    }
  }

  @Test
  void aGifWithATooLargeScreenIsRefused() {
    assertTooLarge(ImageFiles.gif(50_000, 1, 1, ImageFiles.blocks(new byte[1000])));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 0", "0, 0", "-1, 1", "-2147483648, 1"})
  void imagesWithoutPixelsAreBroken(int width, int height) {
    assertBroken(ImageFiles.png(width, height, 8, 2, new byte[10]));
    assertBroken(bmp(width, height, 24, 0));
    if (width >= 0) {
      assertBroken(resized(ImageFiles.ofAllKinds().get("rgb.jpeg"), width, height));
      assertBroken(ImageFiles.gif(1, width, height, ImageFiles.blocks(new byte[10])));
    }
  }

  @Test
  void aHeightWithoutAnOppositeIsTooLarge() {
    assertTooLarge(bmp(1, Integer.MIN_VALUE, 24, 0));
  }

  /** 128 MB of pixels, in 128 KB. */
  @Test
  void whatIsAllowedTakesLittleMemory() {
    byte[] file = ImageFiles.png(4000, 4000, 16, 6, new byte[4000 * (4000 * 8 + 1)]);
    long before = Allocation.bytes();
    Picture picture = decode(file);
    assertThat(Allocation.bytes() - before).isLessThan(16 * MEGABYTE);
    assertThat(picture.columns()).isEqualTo(1000);
  }

  @ParameterizedTest
  @CsvSource({"65535, 200", "200, 65535", "1, 65535", "65535, 1"})
  void extremeProportionsTakeLittleMemory(int width, int height) {
    byte[] file = ImageFiles.png(width, height, 1, 0, new byte[height * ((width + 7) / 8 + 1)]);
    long before = Allocation.bytes();
    Picture picture = decode(file);
    assertThat(Allocation.bytes() - before).isLessThan(16 * MEGABYTE);
    assertThat(picture.width()).isEqualTo(width);
    assertThat(picture.height()).isEqualTo(height);
    assertThat(picture.columns()).isLessThanOrEqualTo(1024);
    assertThat(picture.rows()).isLessThanOrEqualTo(1024);
  }

  /** The JDK's reader unpacks texts, and keeps profiles and chunks that it does not know. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void packedTextsAreNotUnpacked(int colour) {
    byte[] zeros = ImageFiles.deflated(new byte[50 * MEGABYTE]);
    byte[] name = "Title\0\0".getBytes(StandardCharsets.ISO_8859_1);
    byte[] international = "Title\0\u0001\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
    byte[] file =
        ImageFiles.png(
            1,
            1,
            8,
            colour,
            new byte[2],
            ImageFiles.chunk("iCCP", ImageFiles.concat(name, zeros)),
            ImageFiles.chunk("PLTE", new byte[3]),
            ImageFiles.chunk("zTXt", ImageFiles.concat(name, zeros)),
            ImageFiles.chunk("iTXt", ImageFiles.concat(international, zeros)),
            ImageFiles.chunk("sPLT", ImageFiles.concat(name, zeros)),
            ImageFiles.chunk("hIST", zeros),
            ImageFiles.chunk("quUx", zeros),
            ImageFiles.chunk("QUUX", zeros));
    long before = Allocation.bytes();
    assertThat(decode(file).rgb()).hasSize(3);
    assertThat(Allocation.bytes() - before).isLessThan(4 * MEGABYTE);
  }

  @Test
  void chunksOfManyPiecesAreOneImage() {
    byte[] packed = ImageFiles.deflated(new byte[] {0, 1, 2, 3});
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Png.SIGNATURE.getBytes(StandardCharsets.ISO_8859_1));
    file.writeBytes(ImageFiles.ihdr(1, 1, 8, 2));
    for (byte b : packed) {
      file.writeBytes(ImageFiles.chunk("IDAT", b));
      for (int i = 0; i < 10_000; i++) {
        file.writeBytes(ImageFiles.chunk("IDAT"));
      }
    }
    file.writeBytes(ImageFiles.chunk("IEND"));
    assertThat(decode(file.toByteArray()).rgb()).containsExactly(1, 2, 3);
  }

  /** One that encoders write has ten. */
  @Test
  void aJpegOfTooManyScansIsRefused() {
    byte[] file = ImageFiles.ofAllKinds().get("progressive.jpeg");
    assertThat(decodes(scannedAgain(file, 6))).isTrue();
    assertTooLarge(scannedAgain(file, 7));
    assertTooLarge(scannedAgain(file, 1000));
    assertTooLarge(scannedAgain(resized(file, 4000, 4000), 2));
  }

  @Test
  void theScansOfAJpegMayHaveNothingInThem() {
    byte[] file = resized(ImageFiles.ofAllKinds().get("progressive.jpeg"), 4000, 1000);
    assertThat(decode(file).width()).isEqualTo(4000);
  }

  @Test
  void segmentsOfAJpegThatHaveNoPixelsAreDropped() {
    byte[] file = ImageFiles.ofAllKinds().get("rgb.jpeg");
    byte[] rgb = decode(file).rgb();
    byte[] profile = new byte[60_000];
    System.arraycopy("ICC_PROFILE\0".getBytes(StandardCharsets.ISO_8859_1), 0, profile, 0, 12);
    profile[12] = 1;
    profile[13] = 1;
    for (int marker = 0xe0; marker <= 0xef; marker++) {
      assertThat(decode(ImageFiles.withSegment(file, marker, profile)).rgb()).isEqualTo(rgb);
    }
    assertThat(decode(ImageFiles.withSegment(file, 0xfe, profile)).rgb()).isEqualTo(rgb);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xc3, 0xc5, 0xc8, 0xc9, 0xcc, 0xcf})
  void codingsOfAJpegThatNobodyUsesAreRefused(int marker) {
    byte[] file = ImageFiles.ofAllKinds().get("rgb.jpeg").clone();
    file[frame(file) + 1] = (byte) marker;
    assertBroken(file);
  }

  @Test
  void aJpegForPrintersIsRefusedWithItsReason() {
    byte[] frame = {
      -1, -40, -1, -64, 0, 20, 8, 0, 9, 0, 9, 4, 1, 17, 0, 2, 17, 0, 3, 17, 0, 4, 17, 0
    };
    try {
      decode(frame);
      fail("no picture");
    } catch (NotPredicted e) {
      assertThat(e).hasMessageContaining("CMYK");
    }
  }

  /** One byte and a half stand for 4096 pixels. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 2", "100, 100"})
  void aGifIsReadToItsLastPixel(int width, int height) {
    byte[] file = ImageFiles.gif(1, width, height, ImageFiles.blocks(longCodes(8 * MEGABYTE)));
    byte[] interlaced = file.clone();
    interlaced[28] = 0x40;
    long before = Allocation.bytes();
    assertThat(decode(file).rgb()).hasSize(3 * width * height);
    assertThat(decode(interlaced).rgb()).hasSize(3 * width * height);
    assertThat(Allocation.bytes() - before).isLessThan(2 * MEGABYTE);
  }

  @Test
  void aGifOfCodesThatClearIsRefusedInLinearTime() {
    byte[] clears = new byte[8 * MEGABYTE];
    for (int bit = 2; bit < 8 * clears.length; bit += 3) {
      clears[bit / 8] |= (byte) (1 << bit % 8);
    }
    assertBroken(ImageFiles.gif(1, 1, 1, ImageFiles.blocks(clears)));
  }

  @Test
  void aGifOfExtensionsAloneIsRefusedInLinearTime() {
    byte[] file = Arrays.copyOf(ImageFiles.gif(1, 1, 1, new byte[0]), 8 * MEGABYTE);
    for (int i = 19; i + 2 < file.length; i += 3) {
      file[i] = 0x21;
      file[i + 1] = (byte) 0xfe;
      file[i + 2] = 0;
    }
    assertBroken(file);
  }

  /** The JDK's reader would open a file of that name, if one property were set. */
  @ParameterizedTest
  @ValueSource(strings = {"KNIL", "DEBM"})
  void bitmapsWithProfilesAreRefused(String space) {
    ByteBuffer file = ByteBuffer.allocate(14 + 124 + 4 + 11).order(ByteOrder.LITTLE_ENDIAN);
    file.put(bmp(1, 1, 24, 0)).putInt(10, 138).putInt(14, 124);
    assertThat(decode(file.array()).rgb()).hasSize(3);
    file.position(70).put(space.getBytes(StandardCharsets.US_ASCII));
    file.putInt(126, 128).putInt(130, 11);
    assertBroken(file.array());
  }

  @ParameterizedTest
  @CsvSource({"4, 24", "5, 24", "4, 0", "5, 0", "1, 4", "2, 8", "3, 24", "0, 0", "0, 2", "-1, 8"})
  void bitmapsOfOtherFormatsAreRefused(int compression, int bits) {
    assertBroken(bmp(1, 1, bits, compression));
  }

  @Test
  void bitmapsWithMissingRowsAreRefused() {
    byte[] file =
        ImageFiles.write("bmp", ImageFiles.colourful(40, 30, BufferedImage.TYPE_3BYTE_BGR));
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertBroken(cut, new Picture.Limits(10_000, 1024));
      assertBroken(cut, new Picture.Limits(10_000, 4));
    }
  }

  /** All but the bytes that say that the file has ended; those of a BMP are pixels. */
  @Test
  void whatIsCutOffIsRefused() {
    for (Map.Entry<String, byte[]> file : ImageFiles.ofAllKinds().entrySet()) {
      byte[] whole = file.getValue();
      int end = file.getKey().endsWith("png") ? 4 : 0;
      boolean oneFrame = !file.getKey().equals("animated.gif") && !file.getKey().equals("rle8.bmp");
      for (int length = 0; length < whole.length - end; length++) {
        boolean decoded = decodes(Arrays.copyOf(whole, length));
        if (oneFrame && length < whole.length - end - 8) {
          assertThat(decoded).as(file.getKey() + " of " + length + " bytes").isFalse();
        }
      }
    }
  }

  @Test
  void whatComesBehindDoesNotMatter() {
    byte[] page = "PK\u0003\u0004<html><script>".getBytes(StandardCharsets.US_ASCII);
    for (Map.Entry<String, byte[]> file : ImageFiles.ofAllKinds().entrySet()) {
      byte[] polyglot = ImageFiles.concat(file.getValue(), page, file.getValue());
      assertThat(decode(polyglot).rgb()).as(file.getKey()).isEqualTo(decode(file.getValue()).rgb());
    }
    assertThat(decodes(ImageFiles.concat("GIF89a".getBytes(StandardCharsets.US_ASCII), page)))
        .isFalse();
  }

  @Test
  void nothingButARefusalComesOfBrokenBytes() {
    Random random = new Random(1);
    Picture.Limits limits = new Picture.Limits(100_000, 32);
    for (byte[] file : ImageFiles.ofAllKinds().values()) {
      for (int i = 0; i < 500; i++) {
        byte[] broken = file.clone();
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
          int at =
              random.nextInt(random.nextBoolean() ? broken.length : Math.min(60, broken.length));
          broken[at] ^= (byte) (1 << random.nextInt(8));
        }
        decodes(broken, limits);
      }
    }
  }

  private static byte[] bmp(int width, int height, int bits, int compression) {
    ByteBuffer file = ByteBuffer.allocate(14 + 40 + 4).order(ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 'B').put((byte) 'M').putInt(1000).putInt(0).putInt(54);
    file.putInt(40).putInt(width).putInt(height).putShort((short) 1).putShort((short) bits);
    return file.putInt(compression).array();
  }

  private static byte[] resized(byte[] jpeg, int width, int height) {
    return ByteBuffer.wrap(jpeg.clone())
        .putShort(frame(jpeg) + 5, (short) height)
        .putShort(frame(jpeg) + 7, (short) width)
        .array();
  }

  /** Where the frame's segment begins. */
  private static int frame(byte[] jpeg) {
    int at = 2;
    while ((jpeg[at + 1] & 0xfd) != 0xc0) {
      at += 2 + ByteBuffer.wrap(jpeg).getShort(at + 2);
    }
    return at;
  }

  /** A JPEG whose scans come several times. */
  private static byte[] scannedAgain(byte[] jpeg, int times) {
    int at = 2;
    while ((jpeg[at + 1] & 0xff) != 0xda) {
      at += 2 + ByteBuffer.wrap(jpeg).getShort(at + 2);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, at);
    for (int i = 0; i < times; i++) {
      out.write(jpeg, at, jpeg.length - 2 - at);
    }
    out.write(0xff);
    out.write(0xd9);
    return out.toByteArray();
  }

  /** Codes of LZW of which each stands for a pixel more, and then for all that there can be. */
  private static byte[] longCodes(int size) {
    byte[] bytes = new byte[size];
    int bits = 3;
    int code = 0;
    int next = 6;
    for (long at = 0; at + 12 < 8L * size; at += bits) {
      if (next == 1 << bits && bits < 12) {
        bits++;
      }
      for (int bit = 0; bit < bits; bit++) {
        bytes[(int) ((at + bit) / 8)] |= (byte) ((code >> bit & 1) << (at + bit) % 8);
      }
      code = at == 0 ? 6 : Math.min(4095, code + 1);
      next = at == 0 ? 6 : Math.min(4096, next + 1);
    }
    return bytes;
  }

  private static Picture decode(byte[] file) {
    return Picture.decode(file, 0, file.length, LIMITS);
  }

  private static boolean decodes(byte[] file) {
    return decodes(file, LIMITS);
  }

  /** Whether it is a picture; anything else thrown but a refusal fails the test. */
  private static boolean decodes(byte[] file, Picture.Limits limits) {
    try {
      Picture.decode(file, 0, file.length, limits);
      return true;
    } catch (NotPredicted e) {
      assertThat(e.reason()).isIn(Reason.NOT_DECODABLE, Reason.TOO_MANY_PIXELS);
      return false;
    }
  }

  private static void assertTooLarge(byte[] file) {
    assertRefused(file, LIMITS, Reason.TOO_MANY_PIXELS);
  }

  private static void assertBroken(byte[] file) {
    assertBroken(file, LIMITS);
  }

  private static void assertBroken(byte[] file, Picture.Limits limits) {
    assertRefused(file, limits, Reason.NOT_DECODABLE);
  }

  private static void assertRefused(byte[] file, Picture.Limits limits, Reason reason) {
    long before = Allocation.bytes();
    try {
      Picture.decode(file, 0, file.length, limits);
      fail("a picture was decoded");
    } catch (NotPredicted e) {
      assertThat(e.reason()).isEqualTo(reason);
      assertThat(Allocation.bytes() - before).isLessThan(2 * MEGABYTE);
    }
  }
}
