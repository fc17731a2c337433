package dev.storageapi.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports of 127.0.0.1 that can be left and taken again: they are below those that the system gives
 * to outgoing connections (from 32768 on Linux), so none of these gets in between.
 */
public final class FreePort {

  private static final int LOWEST = 20_000;
  private static final int BEYOND = 30_000;

  /** Tests of another process begin elsewhere, so that both seldom want the same. */
  private static final AtomicInteger next =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(LOWEST, BEYOND));

  private FreePort() {}

  /** A port that nobody listens on now; each time another one, since it may be used later. */
  public static int find() {
    int port = another();
    while (!isFree(port)) {
      port = another();
    }
    return port;
  }

  private static int another() {
    return next.getAndUpdate(port -> port + 1 < BEYOND ? port + 1 : LOWEST);
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
