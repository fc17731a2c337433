package dev.storageapi.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to answer: a status, headers, and bytes or a stream. Immutable; {@link #with} makes another.
 */
public final class Response {

  /** Writes a body whose length nobody knows beforehand. */
  @FunctionalInterface
  public interface Stream {
    /** Writes until done; {@link IOException} means that the client has gone. */
    void writeTo(OutputStream out) throws IOException;
  }

  private static final byte[] NOTHING = {};

  private final int status;
  private final Map<String, String> headers;
  private final byte[] body;
  private final Stream stream;
  private final boolean cut;

  private Response(
      int status, Map<String, String> headers, byte[] body, Stream stream, boolean cut) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.stream = stream;
    this.cut = cut;
  }

  /** A status and nothing else. */
  public static Response empty(int status) {
    return new Response(status, Map.of(), NOTHING, null, false);
  }

  /** Bytes of a media type. The array is not copied: do not change it afterwards. */
  public static Response bytes(int status, String contentType, byte[] body) {
    return new Response(status, Map.of("Content-Type", contentType), body, null, false);
  }

  /** Plain text in UTF-8. */
  public static Response text(int status, String text) {
    return bytes(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  /** {@code value} as JSON, with a line feed behind it: records, maps, lists, text, numbers. */
  public static Response json(int status, Object value) {
    return bytes(status, "application/json", Json.line(value));
  }

  /** A body that is written piece by piece. */
  public static Response stream(String contentType, Stream stream) {
    return new Response(200, Map.of("Content-Type", contentType), NOTHING, stream, false);
  }

  /**
   * No answer, since nobody is there to read it: the connection is closed and {@code status}
   * recorded.
   */
  static Response cut(int status) {
    return new Response(status, Map.of(), NOTHING, null, true);
  }

  /** This response with one more header; a header of that name is replaced. */
  public Response with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Response(status, more, body, stream, cut);
  }

  /** This response with {@code name} added to those that {@code Vary} lists. */
  Response varying(String name) {
    String vary = headers.get("Vary");
    if (vary == null) {
      return with("Vary", name);
    }
    return List.of(vary.split(", ", -1)).contains(name) ? this : with("Vary", vary + ", " + name);
  }

  /** This response with another body. */
  Response withBody(byte[] other) {
    return new Response(status, headers, other, stream, cut);
  }

  public int status() {
    return status;
  }

  /** The value of a header that was set under this very name, or null. */
  public String header(String name) {
    return headers.get(name);
  }

  Map<String, String> headers() {
    return headers;
  }

  byte[] body() {
    return body;
  }

  Stream stream() {
    return stream;
  }

  boolean isCut() {
    return cut;
  }
}
