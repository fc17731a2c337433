package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.inference.InputFormat.Channels;
import dev.storageapi.inference.InputFormat.Layout;
import dev.storageapi.inference.InputFormat.Resize;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/**
 * What a model gets of a picture. The numbers are Pillow's (11.3.0), of
 *
 * <pre>
 * im = Image.frombytes("RGB", (7, 5), bytes(i*i*7 + i*13 &amp; 255 for i in range(105)))
 * big = Image.frombytes("RGB", (301, 200), bytes(i*i*7 + i*13 &gt;&gt; 3 &amp; 255 for i in range(180600)))
 * list(im.resize((4, 3), Image.BILINEAR).tobytes()), and so on
 * </pre>
 */
class TensorTest {

  private static final List<Float> ZEROS = List.of(0f, 0f, 0f);
  private static final List<Float> AS_BYTES = List.of(1 / 255f, 1 / 255f, 1 / 255f);

  @Test
  void aSmallerPictureIsPillows() {
    assertThat(bytes(stretched(4, 3, Channels.RGB), small()))
        .containsExactly(
            81, 92, 153, 104, 165, 138, 132, 107, 107, 168, 178, 145, //
            133, 102, 155, 134, 106, 173, 131, 152, 101, 133, 174, 66, //
            107, 105, 145, 86, 73, 96, 131, 119, 89, 106, 95, 47);
  }

  @Test
  void aNarrowerAndHigherPictureIsPillows() {
    assertThat(bytes(stretched(3, 7, Channels.RGB), small()))
        .startsWith(60, 116, 131, 141, 106, 131, 201, 181, 175, 102, 118, 154)
        .endsWith(53, 64, 107, 73, 85, 67, 108, 111, 97, 42);
  }

  /** Of {@code im.convert("L").resize((3, 3), Image.BILINEAR)}. */
  @Test
  void greyIsPillows() {
    assertThat(bytes(stretched(3, 3, Channels.GREY), small()))
        .containsExactly(113, 128, 154, 116, 133, 147, 98, 100, 102);
  }

  /** Of {@code im.crop((1, 0, 6, 5)).resize((2, 2), Image.BILINEAR)}. */
  @Test
  void whatIsTooWideIsCutOffOnBothSides() {
    InputFormat square =
        new InputFormat(2, 2, Channels.RGB, Layout.NHWC, ZEROS, AS_BYTES, Resize.CROP);
    assertThat(bytes(square, small()))
        .containsExactly(125, 137, 160, 129, 132, 110, 115, 81, 131, 123, 139, 81);
  }

  /** Of {@code zlib.crc32(big.resize(size, Image.BILINEAR).tobytes())}. */
  @Test
  void largePicturesArePillowsInEachByte() {
    Picture big = picture(301, 200, 3);
    assertThat(sum(stretched(224, 224, Channels.RGB), big)).isEqualTo(1853832175L);
    assertThat(sum(stretched(17, 301, Channels.RGB), big)).isEqualTo(2089663203L);
    assertThat(sum(stretched(600, 20, Channels.RGB), big)).isEqualTo(2270079509L);
    assertThat(sum(stretched(301, 200, Channels.GREY), big)).isEqualTo(1932594415L);
  }

  @Test
  void aPictureOfTheRightSizeStaysAsItIs() {
    byte[] rgb = small().rgb();
    int[] expected = new int[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      expected[i] = rgb[i] & 0xff;
    }
    for (Resize resize : Resize.values()) {
      InputFormat same = new InputFormat(7, 5, Channels.RGB, Layout.NHWC, ZEROS, AS_BYTES, resize);
      assertThat(bytes(same, small())).containsExactly(expected);
    }
  }

  @Test
  void greyOfGreyIsTheSame() {
    byte[] rgb = new byte[3 * 256];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3);
    }
    int[] grey = bytes(stretched(256, 1, Channels.GREY), new Picture(256, 1, 256, 1, rgb));
    for (int i = 0; i < 256; i++) {
      assertThat(grey[i]).isEqualTo(i);
    }
  }

  @Test
  void channelsAndLayoutsAreInTheirOrder() {
    Picture two = new Picture(2, 1, 2, 1, new byte[] {10, 20, 30, 40, 50, 60});
    assertThat(bytes(format(Channels.RGB, Layout.NHWC), two))
        .containsExactly(10, 20, 30, 40, 50, 60);
    assertThat(bytes(format(Channels.RGB, Layout.NCHW), two))
        .containsExactly(10, 40, 20, 50, 30, 60);
    assertThat(bytes(format(Channels.BGR, Layout.NHWC), two))
        .containsExactly(30, 20, 10, 60, 50, 40);
    assertThat(bytes(format(Channels.BGR, Layout.NCHW), two))
        .containsExactly(30, 60, 20, 50, 10, 40);
  }

  @Test
  void meanAndDeviationAreOfTheChannelAsTheModelHasIt() {
    Picture one = new Picture(1, 1, 1, 1, new byte[] {(byte) 255, 0, 51});
    InputFormat format =
        new InputFormat(
            1,
            1,
            Channels.BGR,
            Layout.NCHW,
            List.of(0.1f, 0.5f, 0.25f),
            List.of(0.5f, 0.25f, 2f),
            Resize.CROP);
    assertThat(format.tensor(one)).containsExactly(0.2f, -2f, 0.375f);
    assertThat(format.size()).isEqualTo(3);
  }

  /** A picture of which the columns were thinned out, but not the rows, keeps its proportions. */
  @Test
  void whatIsCutOffIsOfThePictureAsItIsLookedAt() {
    byte[] rgb = new byte[3 * 8 * 4];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 8);
    }
    Picture wide = new Picture(16, 4, 8, 4, rgb);
    InputFormat square =
        new InputFormat(
            2, 4, Channels.GREY, Layout.NCHW, List.of(0f), List.of(1 / 255f), Resize.CROP);
    assertThat(bytes(square, wide)).containsExactly(3, 3, 3, 3, 3, 3, 3, 3);
  }

  @Test
  void extremeProportionsAreNoFault() {
    InputFormat square =
        new InputFormat(8, 8, Channels.RGB, Layout.NCHW, ZEROS, AS_BYTES, Resize.CROP);
    assertThat(square.tensor(picture(1, 1000, 3))).hasSize(192);
    assertThat(square.tensor(picture(1000, 1, 3))).hasSize(192);
    assertThat(stretched(8, 8, Channels.GREY).tensor(picture(1, 1, 3))).hasSize(64);
  }

  @Test
  void formatsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> stretched(0, 3, Channels.RGB))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                new InputFormat(1, 1, Channels.GREY, Layout.NCHW, ZEROS, List.of(1f), Resize.CROP))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                new InputFormat(
                    1, 1, Channels.GREY, Layout.NCHW, List.of(0f), List.of(0f), Resize.CROP))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static InputFormat stretched(int width, int height, Channels channels) {
    return new InputFormat(
        width,
        height,
        channels,
        Layout.NHWC,
        ZEROS.subList(0, channels.count()),
        AS_BYTES.subList(0, channels.count()),
        Resize.STRETCH);
  }

  private static InputFormat format(Channels channels, Layout layout) {
    return new InputFormat(2, 1, channels, layout, ZEROS, AS_BYTES, Resize.CROP);
  }

  private static Picture small() {
    return picture(7, 5, 0);
  }

  private static Picture picture(int width, int height, int shift) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ((i * i * 7 + i * 13) >> shift);
    }
    return new Picture(width, height, width, height, rgb);
  }

  private static int[] bytes(InputFormat format, Picture picture) {
    float[] tensor = format.tensor(picture);
    int[] bytes = new int[tensor.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = Math.round(tensor[i]);
    }
    return bytes;
  }

  private static long sum(InputFormat format, Picture picture) {
    CRC32 sum = new CRC32();
    for (int value : bytes(format, picture)) {
      sum.update(value);
    }
    return sum.getValue();
  }
}
