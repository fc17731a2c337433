package dev.storageapi.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;

/**
 * Compresses JSON, text and pages for clients that accept gzip. Stored objects are never touched:
 * they come back as they were sent.
 */
public final class Compression implements Filter {

  /** Below this a body fits one packet anyway. */
  private static final int WORTHWHILE = 1024;

  @Override
  public Response apply(Request request, Handler next) {
    Response response = next.handle(request);
    if (response.body().length < WORTHWHILE
        || !compressible(response.header("Content-Type"))
        || response.header("Content-Encoding") != null) {
      return response;
    }
    Response varying = response.varying("Accept-Encoding");
    return accepted(request)
        ? varying.withBody(gzip(response.body())).with("Content-Encoding", "gzip")
        : varying;
  }

  private static boolean compressible(String type) {
    return type != null
        && (type.startsWith("text/")
            || type.startsWith("application/json")
            || type.startsWith("application/problem+json")
            || type.startsWith("application/javascript")
            || type.startsWith("image/svg+xml"));
  }

  /** Whether {@code Accept-Encoding} (RFC 9110, 12.5.3) names gzip with a weight above 0. */
  public static boolean accepted(Request request) {
    String accepted = request.header("Accept-Encoding");
    if (accepted == null) {
      return false;
    }
    for (String coding : accepted.split(",", -1)) {
      String[] parts = coding.strip().split("\\s*;\\s*q\\s*=\\s*", 2);
      if (parts[0].equalsIgnoreCase("gzip")) {
        return parts.length == 1 || !parts[1].matches("0(\\.0*)?");
      }
    }
    return false;
  }

  /** The bytes in gzip's form. */
  public static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 2);
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return out.toByteArray();
  }
}
