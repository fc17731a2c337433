package dev.storageapi.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of 127.0.0.1 that can be left and taken again: they are below those that the system gives
 * to outgoing connections (from 32768 on Linux), so none of these gets in between.
 */
public final class FreePort {

  private static final int LOWEST = 20_000;
  private static final int BEYOND = 30_000;

  private FreePort() {}

  /** A port that nobody listens on now. */
  public static int find() {
    int port = ThreadLocalRandom.current().nextInt(LOWEST, BEYOND);
    while (!isFree(port)) {
      port = ThreadLocalRandom.current().nextInt(LOWEST, BEYOND);
    }
    return port;
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
