package dev.storageapi.inference;

import java.util.HexFormat;

/** A first picture, so that the first client does not wait for what decodes it to be loaded. */
final class WarmUp {

  /** One grey pixel. */
  private static final String PNG =
      "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
          + "0000000a49444154789c636800000082008177cd72b6"
          + "0000000049454e44ae426082";

  private WarmUp() {}

  static Picture picture() {
    byte[] png = HexFormat.of().parseHex(PNG);
    return Picture.decode(png, 0, png.length, new Picture.Limits(1, 1));
  }
}
