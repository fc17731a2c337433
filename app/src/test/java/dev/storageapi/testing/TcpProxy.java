package dev.storageapi.testing;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * A port of 127.0.0.1 that passes connections on to a server, and is lost, frozen or slow at will:
 * a network's failures without root. Every method may be called from any thread.
 */
public final class TcpProxy implements AutoCloseable {

  private static final int PIECE = 64 * 1024;

  private final InetSocketAddress target;
  private final int port = FreePort.find();
  private final Set<Socket> sockets = new HashSet<>();
  private ServerSocket server;
  private Thread acceptor;
  private Duration latency = Duration.ZERO;
  private boolean frozen;

  private TcpProxy(InetSocketAddress target) {
    this.target = target;
  }

  /** Listens, and connects to that host and port for each connection. */
  public static TcpProxy start(String host, int port) {
    TcpProxy proxy = new TcpProxy(new InetSocketAddress(host, port));
    proxy.restore();
    return proxy;
  }

  public int port() {
    return port;
  }

  /** Passes nothing on until {@link #thaw}; connections stay open, and new ones get no answer. */
  public synchronized void freeze() {
    frozen = true;
  }

  /** Passes on what has come since {@link #freeze}, and all that comes. */
  public synchronized void thaw() {
    frozen = false;
    notifyAll();
  }

  /** Delays new connections, and each piece of up to 64 KiB in either direction, by so much. */
  public synchronized void latency(Duration delay) {
    latency = delay;
  }

  /** Closes all connections, and refuses new ones until {@link #restore}. */
  public void cut() {
    try {
      stopListening().join(); // the port is open for as long as somebody accepts
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private synchronized Thread stopListening() {
    try {
      server.close();
      for (Socket socket : sockets) {
        socket.close();
      }
      sockets.clear();
      return acceptor;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Listens again on the same port, after {@link #cut}. */
  public synchronized void restore() {
    try {
      ServerSocket listening = new ServerSocket(port, 0, InetAddress.getLoopbackAddress());
      server = listening;
      acceptor = inBackground(() -> accept(listening));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    cut();
    thaw(); // ends the threads that wait
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Works until one of the sides goes. */
  private static Thread inBackground(Work work) {
    Runnable quietly =
        () -> {
          try {
            work.run();
          } catch (IOException e) {
            // gone, or cut: the other side is told by its socket
          }
        };
    Thread thread = new Thread(quietly, "proxy");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void accept(ServerSocket listening) throws IOException {
    while (true) {
      Socket client = listening.accept();
      Socket upstream = new Socket();
      keep(listening, client, upstream);
      inBackground(() -> connect(client, upstream));
    }
  }

  private synchronized void keep(ServerSocket listening, Socket client, Socket upstream)
      throws IOException {
    sockets.removeIf(Socket::isClosed);
    sockets.add(client);
    sockets.add(upstream);
    if (listening.isClosed()) {
      client.close(); // it came just before the cut
      upstream.close();
    }
  }

  private void connect(Socket client, Socket upstream) throws IOException {
    try (client;
        upstream) {
      awaitPassage();
      upstream.connect(target);
      inBackground(() -> pass(upstream, client));
      pass(client, upstream);
    }
  }

  /** Passes on one direction; its end is the end of the other one, too. */
  private void pass(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      to.setTcpNoDelay(true);
      byte[] piece = new byte[PIECE];
      int length = from.getInputStream().read(piece);
      while (length >= 0) {
        awaitPassage();
        to.getOutputStream().write(piece, 0, length);
        length = from.getInputStream().read(piece);
      }
      awaitPassage();
    }
  }

  /** Waits for the latency, and then for as long as all is frozen. */
  private synchronized void awaitPassage() throws IOException {
    long end = System.nanoTime() + latency.toNanos();
    try {
      for (long left = latency.toNanos(); frozen || left > 0; left = end - System.nanoTime()) {
        wait(frozen ? 0 : left / 1_000_000 + 1);
      }
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }
}
