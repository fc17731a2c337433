package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Random;
import java.util.zip.CRC32;

/**
 * Objects that say what they are and show whether they are whole: a name, a length and a checksum,
 * and after them as many bytes of any kind. As text they have one character for each byte.
 */
public final class Sealed {

  private Sealed() {}

  /** An object of that name, which has no space in it, with that many bytes after its head. */
  public static String object(String name, int length) {
    byte[] bytes = new byte[length];
    new Random(name.hashCode()).nextBytes(bytes);
    String content = new String(bytes, ISO_8859_1);
    return name + " " + length + " " + checksum(name, content) + "\n" + content;
  }

  /**
   * The name of an object.
   *
   * @throws AssertionError if the object is torn
   */
  public static String name(String object) {
    int end = object.indexOf('\n');
    String[] head = object.substring(0, Math.max(end, 0)).split(" ", -1);
    String content = object.substring(end + 1);
    if (head.length != 3
        || !head[1].equals(Integer.toString(content.length()))
        || !head[2].equals(checksum(head[0], content))) {
      throw new AssertionError(
          "torn: %d bytes of %s".formatted(object.length(), String.join(" ", head)));
    }
    return head[0];
  }

  private static String checksum(String name, String content) {
    CRC32 checksum = new CRC32();
    checksum.update(name.getBytes(ISO_8859_1));
    checksum.update(content.getBytes(ISO_8859_1));
    return Long.toHexString(checksum.getValue());
  }
}
