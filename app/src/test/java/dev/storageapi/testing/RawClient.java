package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A socket that writes the very bytes it is given, one a character, and reads what comes back. No
 * call blocks beyond its deadline.
 *
 * <pre>{@code
 * try (RawClient client = RawClient.connect(port)) {
 *   client.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
 *   assertThat(client.answer().status()).isEqualTo(200);
 * }
 * }</pre>
 */
public final class RawClient implements AutoCloseable {

  private static final int CONNECT_MILLIS = 5_000;
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Socket socket = new Socket();
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private boolean bodiless;
  private boolean closed;

  /** One response; header names are in lower case, the last of a name counts. */
  public record Answer(int status, Map<String, String> headers, String body) {

    /** The value of a header, or null. */
    public String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }
  }

  private RawClient() {}

  /** Connects to 127.0.0.1. */
  public static RawClient connect(int port) {
    return connect(port, 0);
  }

  /** Connects with a receive buffer of that many bytes, to be a slow reader; 0 for the default. */
  public static RawClient connect(int port, int receiveBuffer) {
    RawClient client = new RawClient();
    try {
      if (receiveBuffer > 0) {
        client.socket.setReceiveBufferSize(receiveBuffer);
      }
      client.socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
      client.socket.setTcpNoDelay(true);
      return client;
    } catch (IOException e) {
      client.close();
      throw new UncheckedIOException(e);
    }
  }

  /** Writes; false if the other side has closed. */
  public boolean write(String text) {
    return write(text.getBytes(ISO_8859_1));
  }

  /** Writes; false if the other side has closed. */
  public boolean write(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Says that no more will be written; the other direction stays open. */
  public void endOutput() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next response, whole; fails if it does not come within 15 s. */
  public Answer answer() {
    return answer(PATIENCE);
  }

  /** The next response, which has no body since it answers a HEAD. */
  public Answer answerToHead() {
    bodiless = true;
    try {
      return answer();
    } finally {
      bodiless = false;
    }
  }

  /** The next response, whole; fails if it does not come in time. */
  public Answer answer(Duration patience) {
    return readUntilAnswered(patience)
        .orElseThrow(
            () -> new AssertionError((closed ? "closed" : "late") + " after: " + unread()));
  }

  /** The next response, or none if the other side closes without one. */
  public Optional<Answer> readUntilAnswered(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    Optional<Answer> next = parse();
    while (next.isEmpty() && receive(end)) {
      next = parse();
    }
    return next;
  }

  /** The status of the next response, of which only the beginning is read; fails if it is late. */
  public int beginningOfAnswer(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (received.size() < "HTTP/1.1 200".length() && receive(end)) {
      // until there is a status
    }
    if (!unread().startsWith("HTTP/1.1 ")) {
      throw new AssertionError("no response: " + unread());
    }
    return Integer.parseInt(unread().substring(9, 12));
  }

  /** Every response until the other side closes or the time is over. */
  public List<Answer> answersUntilClosed(Duration patience) {
    readUntilClosed(patience);
    List<Answer> answers = new ArrayList<>();
    for (Optional<Answer> next = parse(); next.isPresent(); next = parse()) {
      answers.add(next.get());
    }
    return answers;
  }

  /** Reads until the other side closes or the time is over; gives what was not taken before. */
  public String readUntilClosed(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (receive(end)) {
      // the bytes are kept
    }
    return unread();
  }

  /** Whether the other side closed, as far as has been read. */
  public boolean isClosed() {
    return closed;
  }

  private String unread() {
    return received.toString(ISO_8859_1);
  }

  /** Reads a piece; false at the end of the time or of the stream. */
  private boolean receive(long end) {
    long left = (end - System.nanoTime()) / 1_000_000;
    if (closed || left <= 0) {
      return false;
    }
    try {
      byte[] piece = new byte[64 * 1024];
      socket.setSoTimeout((int) left);
      int n = socket.getInputStream().read(piece);
      closed = n < 0;
      received.write(piece, 0, Math.max(0, n));
      return !closed;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      closed = true; // a reset is a close, too
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<Answer> parse() {
    String text = unread();
    int head = text.indexOf("\r\n\r\n");
    if (head < 0) {
      return Optional.empty();
    }
    String[] lines = text.substring(0, head).split("\r\n", -1);
    if (!lines[0].matches("HTTP/1\\.1 \\d{3} .*")) {
      throw new AssertionError("no response: " + text);
    }
    Map<String, String> headers = new TreeMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    int status = Integer.parseInt(lines[0].substring(9, 12));
    return body(text, head + 4, status, headers);
  }

  private Optional<Answer> body(String text, int start, int status, Map<String, String> headers) {
    if (status == 100) {
      drop(start);
      return parse();
    }
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      int end = text.indexOf("0\r\n\r\n", start);
      return end < 0
          ? Optional.empty()
          : take(end + 5, new Answer(status, headers, text.substring(start, end)));
    }
    String length = headers.getOrDefault("content-length", "0");
    int end = start + (bodiless || status == 204 || status == 304 ? 0 : Integer.parseInt(length));
    return text.length() < end
        ? Optional.empty()
        : take(end, new Answer(status, headers, text.substring(start, end)));
  }

  private Optional<Answer> take(int length, Answer answer) {
    drop(length);
    return Optional.of(answer);
  }

  private void drop(int length) {
    byte[] all = received.toByteArray();
    received.reset();
    received.write(all, length, all.length - length);
  }

  /** Closes with a reset instead of an orderly end, as a client that vanishes. */
  public void reset() {
    try {
      socket.setSoLinger(true, 0);
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
    close();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
