package dev.storageapi.feed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An upstream on 127.0.0.1 that does with each connection, once it has read the head of a request,
 * what a test tells it to, and then closes it.
 */
final class ScriptedUpstream implements AutoCloseable {

  /** What to do with a connection. An {@link IOException} is the client's going. */
  @FunctionalInterface
  interface Script {
    void answer(String head, Connection to) throws IOException;
  }

  /** A connection whose request has been read. */
  static final class Connection {

    private final Socket socket;
    private final AtomicLong sent;

    private Connection(Socket socket, AtomicLong sent) {
      this.socket = socket;
      this.sent = sent;
    }

    void send(String text) throws IOException {
      send(text.getBytes(ISO_8859_1));
    }

    void send(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
      sent.addAndGet(bytes.length);
    }

    /** Sends nothing for that long; fails if the client closes meanwhile. */
    void pause(int millis) throws IOException {
      socket.setSoTimeout(millis);
      try {
        if (socket.getInputStream().read() < 0) {
          throw new IOException("closed by the client");
        }
      } catch (SocketTimeoutException e) {
        // nothing came, as it should be
      }
    }

    /** Sends nothing until the client closes, or for a minute. */
    void hang() throws IOException {
      pause(60_000);
    }
  }

  private final ServerSocket listener;
  private final Script script;
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicInteger open = new AtomicInteger();

  ScriptedUpstream(Script script) {
    this.script = script;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  /** One that sends the same to everybody. */
  static ScriptedUpstream saying(String answer) {
    return new ScriptedUpstream((head, to) -> to.send(answer));
  }

  /** An answer with these lines among its headers. */
  static String answer(int status, String body, String... headers) {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " X\r\nConnection: close\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    return head + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "scripted-upstream");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        open.incrementAndGet();
        start(() -> serve(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      StringBuilder head = new StringBuilder();
      for (int c; !isWhole(head) && (c = socket.getInputStream().read()) >= 0; ) {
        head.append((char) c);
      }
      heads.add(head.toString());
      script.answer(head.toString(), new Connection(socket, sent));
    } catch (IOException e) {
      // the client has gone
    } finally {
      open.decrementAndGet();
    }
  }

  /** Ends in an empty line, or is the whole first record of TLS (RFC 8446, 5.1). */
  private static boolean isWhole(StringBuilder head) {
    boolean tls = head.length() > 5 && head.charAt(0) == 22;
    return tls
        ? head.length() == 5 + (head.charAt(3) << 8) + head.charAt(4)
        : head.indexOf("\r\n\r\n") >= 0;
  }

  int port() {
    return listener.getLocalPort();
  }

  /** The heads of all requests so far, or whatever came instead. */
  List<String> heads() {
    return heads;
  }

  /** The bytes that the system took, of all connections. */
  long sent() {
    return sent.get();
  }

  /** The connections that are open on this side. */
  int open() {
    return open.get();
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
