package dev.storageapi.inference;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A body of multipart/form-data (RFC 7578; RFC 2046, 5.1) that is whole in memory. Nothing of it is
 * copied but the headers of its parts. Takes linear time, whatever the bytes. For one thread.
 */
final class Multipart {

  /**
   * A part of the body.
   *
   * @param name of the form's field, as it was sent
   * @param contentType the media type in lower case, without parameters; null if none was sent
   * @param offset where its bytes begin in the body
   * @param length how many bytes it has
   */
  record Part(String name, String contentType, int offset, int length) {}

  /** RFC 2046, 5.1.1: 1 to 70 of bchars, of which the last is no space. */
  private static final Pattern BOUNDARY =
      Pattern.compile("[0-9A-Za-z'()+_,\\-./:=? ]{0,69}[0-9A-Za-z'()+_,\\-./:=?]");

  private final byte[] body;
  private final byte[] delimiter;
  private final int maxHeaderBytes;

  /** Where the reading has come to. */
  private int at;

  private Multipart(byte[] body, String boundary, int maxHeaderBytes) {
    this.body = body;
    this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.US_ASCII);
    this.maxHeaderBytes = maxHeaderBytes;
  }

  /**
   * The first part of that name. All of the body is read, also behind that part.
   *
   * @param contentType of the request; null if it has none
   * @param maxParts how many parts the body may have
   * @param maxHeaderBytes how many bytes the headers of one part may have
   * @return none if there is no such part, or the request says that its body is something else
   * @throws NotPredicted for {@link NotPredicted.Reason#MALFORMED_BODY} if it says that it is
   *     multipart/form-data, and is not
   */
  static Optional<Part> find(
      String contentType, byte[] body, String name, int maxParts, int maxHeaderBytes) {
    String type = contentType == null ? "" : contentType.split(";", 2)[0].strip();
    if (!type.equalsIgnoreCase("multipart/form-data")) {
      return Optional.empty();
    }
    String boundary =
        HeaderValue.parse(contentType)
            .map(value -> value.parameters().get("boundary"))
            .filter(value -> BOUNDARY.matcher(value).matches())
            .orElseThrow(() -> malformed("the Content-Type has no valid boundary."));
    return new Multipart(body, boundary, maxHeaderBytes).find(name, maxParts);
  }

  private Optional<Part> find(String name, int maxParts) {
    Part found = null;
    // The first boundary may be without the line end before it, and behind a preamble.
    boolean first = startsWith(delimiter, 2, 0);
    at = first ? delimiter.length - 2 : nextDelimiter() + delimiter.length;
    for (int parts = 0; delimiterGoesOn(); parts++) {
      if (parts == maxParts) {
        throw malformed("there may be " + maxParts + " parts.");
      }
      Part part = part();
      found = found == null && part.name().equals(name) ? part : found;
    }
    return Optional.ofNullable(found);
  }

  /** Reads the end of a line with the boundary; false if it is the last. */
  private boolean delimiterGoesOn() {
    if (at + 1 < body.length && body[at] == '-' && body[at + 1] == '-') {
      return false;
    }
    while (at < body.length && (body[at] == ' ' || body[at] == '\t')) {
      at++;
    }
    if (at + 1 >= body.length || body[at] != '\r' || body[at + 1] != '\n') {
      throw malformed("a boundary does not end its line.");
    }
    at += 2;
    return true;
  }

  private Part part() {
    Map<String, String> headers = headers();
    HeaderValue disposition =
        Optional.ofNullable(headers.get("content-disposition"))
            .flatMap(HeaderValue::parse)
            .filter(value -> value.value().equals("form-data"))
            .filter(value -> value.parameters().containsKey("name"))
            .orElseThrow(() -> malformed("a part has no Content-Disposition with its name."));
    String contentType = headers.get("content-type");
    if (contentType != null) {
      contentType =
          HeaderValue.parse(contentType)
              .map(HeaderValue::value)
              .orElseThrow(() -> malformed("the Content-Type of a part cannot be read."));
    }
    int start = at;
    int end = nextDelimiter();
    at = end + delimiter.length;
    return new Part(disposition.parameters().get("name"), contentType, start, end - start);
  }

  /** Reads the headers of a part and the empty line; by their names in lower case. */
  private Map<String, String> headers() {
    Map<String, String> headers = new HashMap<>();
    int limit = (int) Math.min(body.length, (long) at + maxHeaderBytes);
    while (true) {
      int end = at;
      while (end < limit && body[end] != '\r' && body[end] != '\n' && body[end] != 0) {
        end++;
      }
      if (end + 1 >= limit || body[end] != '\r' || body[end + 1] != '\n') {
        throw malformed("the headers of a part do not end, or are too long.");
      }
      if (end == at) {
        at = end + 2;
        return headers;
      }
      header(new String(body, at, end - at, StandardCharsets.UTF_8), headers);
      at = end + 2;
    }
  }

  private static void header(String line, Map<String, String> headers) {
    int colon = line.indexOf(':');
    String name = colon < 0 ? "" : line.substring(0, colon);
    // This also refuses lines that go on with the one before, which RFC 9112 gave up.
    if (!HeaderValue.isToken(name)) {
      throw malformed("a line among the headers of a part is none.");
    }
    String value = line.substring(colon + 1).strip();
    if (headers.put(name.toLowerCase(Locale.ROOT), value) != null) {
      throw malformed("a header of a part comes twice.");
    }
  }

  /**
   * Where the next line end with a boundary is. The delimiter has a CR at its beginning and nowhere
   * else, so that no byte is looked at more than twice.
   */
  private int nextDelimiter() {
    for (int i = at; i < body.length; i++) {
      if (body[i] == '\r' && startsWith(delimiter, 0, i)) {
        return i;
      }
    }
    throw malformed("the last boundary is missing.");
  }

  /** Whether the body has at that place what the bytes have from an index on. */
  private boolean startsWith(byte[] bytes, int from, int place) {
    int length = bytes.length - from;
    return place + length <= body.length
        && Arrays.equals(body, place, place + length, bytes, from, bytes.length);
  }

  private static NotPredicted malformed(String why) {
    return new NotPredicted(
        NotPredicted.Reason.MALFORMED_BODY, "There was an error parsing the body: " + why);
  }
}
