package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** A body of multipart/form-data as curl sends it (RFC 7578). */
public final class Form {

  private static final String BOUNDARY = "------------------------d74496d66958873e";

  private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

  /** Adds a file; {@code contentType} null for none. */
  public Form file(String name, String filename, String contentType, byte[] bytes) {
    text("--" + BOUNDARY + "\r\n");
    text(
        "Content-Disposition: form-data; name=\"" + name + "\"; filename=\"" + filename + "\"\r\n");
    text(contentType == null ? "\r\n" : "Content-Type: " + contentType + "\r\n\r\n");
    parts.writeBytes(bytes);
    text("\r\n");
    return this;
  }

  /** Adds a field. */
  public Form field(String name, String value) {
    text("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n");
    text(value + "\r\n");
    return this;
  }

  private void text(String text) {
    parts.writeBytes(text.getBytes(UTF_8));
  }

  /** The whole request to {@code path}, one character for each byte. */
  public String request(String path) {
    byte[] body = body();
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: x\r\nContent-Type: "
        + contentType()
        + "\r\nContent-Length: "
        + body.length
        + "\r\n\r\n"
        + new String(body, ISO_8859_1);
  }

  /** What the request says its body is. */
  public String contentType() {
    return "multipart/form-data; boundary=" + BOUNDARY;
  }

  /** The whole body. */
  public byte[] body() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(parts.toByteArray());
    whole.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(UTF_8));
    return whole.toByteArray();
  }
}
