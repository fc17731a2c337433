package dev.storageapi.inference;

import java.util.HexFormat;

/** A first picture, so that the first client does not wait for what decodes it to be loaded. */
final class WarmUp {

  /** One black pixel. */
  private static final String PNG =
      "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
          + "0000000a4944415478da6360000000020001e527defc"
          + "0000000049454e44ae426082";

  private WarmUp() {}

  static Picture picture() {
    byte[] png = HexFormat.of().parseHex(PNG);
    return Picture.decode(png, 0, png.length, new Picture.Limits(1, 1));
  }
}
