package dev.storageapi.http;

import java.io.IOException;
import java.io.InputStream;

/**
 * A request's body on the wire, counted. Reading throws {@link IOException} where the client cut it
 * or the JDK's server closed the connection because it came too slowly.
 */
final class BodyStream {

  private final InputStream in;
  private final long length;
  private long count;
  private boolean ended;

  /** A stream over {@code in} with the announced length in bytes, or -1 for a chunked body. */
  BodyStream(InputStream in, long length) {
    this.in = in;
    this.length = length;
    this.ended = length == 0;
  }

  long length() {
    return length;
  }

  long count() {
    return count;
  }

  /** Whether everything that the client announced has been read. */
  boolean ended() {
    return ended;
  }

  /** Reads some bytes: how many, or -1 at the end. */
  int read(byte[] buffer, int offset, int wanted) throws IOException {
    int n;
    try {
      n = in.read(buffer, offset, wanted);
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("invalid chunk length", e); // JDK 25 reads ffffffff as a negative one
    }
    count += Math.max(n, 0);
    ended = n < 0 || count == length;
    return n;
  }
}
