package dev.storageapi.inference;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of an image's file, a slice of an array, read by position. Whatever lies beyond the end
 * makes it a broken image. Nothing is copied.
 */
final class Bytes {

  private final byte[] array;
  private final int offset;
  private final int length;

  /** So many bytes of the array. */
  Bytes(byte[] array, int offset, int length) {
    this.array = array;
    this.offset = offset;
    this.length = length;
  }

  /** All bytes of the array. */
  Bytes(byte[] array) {
    this(array, 0, array.length);
  }

  int length() {
    return length;
  }

  /** A byte, from 0 to 255. */
  int at(int position) {
    need(position, 1);
    return array[offset + position] & 0xff;
  }

  /** A number of two bytes, the high one first. */
  int big16(int position) {
    return (at(position) << 8) | at(position + 1);
  }

  /** A number of four bytes with a sign, the highest first. */
  int big32(int position) {
    return (big16(position) << 16) | big16(position + 2);
  }

  /** A number of two bytes, the low one first. */
  int little16(int position) {
    return at(position) | (at(position + 1) << 8);
  }

  /** A number of four bytes with a sign, the lowest first. */
  int little32(int position) {
    return little16(position) | (little16(position + 2) << 16);
  }

  boolean startsWith(String latin1) {
    return has(0, latin1);
  }

  /** Whether these very bytes are at the position. */
  boolean has(int position, String latin1) {
    byte[] wanted = latin1.getBytes(StandardCharsets.ISO_8859_1);
    if (position < 0 || wanted.length > length - position) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (array[offset + position + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  /** Writes so many bytes, from the position on. */
  void writeTo(OutputStream out, int position, int count) throws IOException {
    need(position, count);
    out.write(array, offset + position, count);
  }

  /** Copies so many bytes, from the position on. */
  void copyTo(byte[] to, int toOffset, int position, int count) {
    need(position, count);
    System.arraycopy(array, offset + position, to, toOffset, count);
  }

  /**
   * Makes sure that there are so many bytes from the position on.
   *
   * @throws NotPredicted if not
   */
  void need(long position, long count) {
    if (position < 0 || count < 0 || position + count > length) {
      throw broken("it ends too early");
    }
  }

  /** What is thrown for an image that cannot be decoded. */
  static NotPredicted broken(String why) {
    return new NotPredicted(
        NotPredicted.Reason.NOT_DECODABLE, "The image cannot be decoded: " + why + ".");
  }
}
