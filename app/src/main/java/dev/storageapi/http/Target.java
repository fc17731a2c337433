package dev.storageapi.http;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a request asks for: the path in decoded segments and the raw query. Origin form and absolute
 * form (RFC 9112, 3.2) are accepted. Refused, since proxies and servers read them differently:
 * empty and dot segments, encoded slashes, control characters, bytes that are no UTF-8, fragments.
 *
 * @param segments the segments of the path, percent-decoded once; the last is empty behind a
 *     trailing slash
 * @param query the query as it came, or null
 */
record Target(List<String> segments, String query) {

  /** Reads a target, or nothing where it is refused. */
  static Optional<Target> of(URI uri) {
    String path = uri.getRawPath();
    boolean absolute = uri.getScheme() != null;
    boolean http =
        "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
    if (uri.toString().startsWith("//") // an empty authority is none to java.net.URI
        || path == null
        || path.isEmpty()
        || path.charAt(0) != '/'
        || (absolute && (!http || uri.getRawAuthority() == null))
        || (!absolute && uri.getRawAuthority() != null)
        || uri.getRawFragment() != null) {
      return Optional.empty();
    }
    List<String> segments = new ArrayList<>(4);
    int start = 1;
    while (start <= path.length()) {
      int end = path.indexOf('/', start);
      boolean last = end < 0;
      String segment = decode(path.substring(start, last ? path.length() : end));
      if (segment == null || (segment.isEmpty() && !last)) {
        return Optional.empty();
      }
      segments.add(segment);
      start = (last ? path.length() : end) + 1;
    }
    return Optional.of(new Target(segments, uri.getRawQuery()));
  }

  /** The segment with its percent-encoding undone, or null where that gives what is refused. */
  private static String decode(String raw) {
    if (isPlain(raw)) {
      return raw;
    }
    byte[] bytes = new byte[raw.length()];
    int length = 0;
    for (int i = 0; i < raw.length(); i++) {
      int c = raw.charAt(i);
      if (c == '%') {
        c = Integer.parseInt(raw, i + 1, i + 3, 16); // java.net.URI has seen to the two digits
        i += 2;
      }
      if (c == '/' || c > 0xff) {
        return null;
      }
      bytes[length++] = (byte) c;
    }
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
      boolean refused =
          text.equals(".") || text.equals("..") || text.chars().anyMatch(Character::isISOControl);
      return refused ? null : text;
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** Whether nothing is to be decoded or refused: what most segments are. */
  private static boolean isPlain(String raw) {
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '%' || c == '.' || c <= ' ' || c > '~') {
        return false;
      }
    }
    return true;
  }
}
