package dev.storageapi;

import dev.storageapi.http.Filter;
import dev.storageapi.http.Route;
import dev.storageapi.http.Server;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ports that the service listens on: one, or a second for operators. */
final class Servers {

  private static final Logger log = LoggerFactory.getLogger(Servers.class);

  private final Config config;
  private final List<Server> servers = new ArrayList<>();

  Servers(Config config) {
    this.config = config;
  }

  /**
   * Adds one on a port of the configured address.
   *
   * @throws IOException if the port cannot be bound; the message names it
   */
  void bind(int port, List<Route> routes, List<Filter> filters) throws IOException {
    servers.add(server(config, port, routes, filters));
  }

  /**
   * A server on a port of the configured address.
   *
   * @throws IOException if the port cannot be bound; the message names it
   */
  static Server server(Config config, int port, List<Route> routes, List<Filter> filters)
      throws IOException {
    try {
      return new Server(
          new InetSocketAddress(config.host(), port),
          config.server().backlog(),
          config.server().threads(),
          config.server().maxConnections(),
          routes,
          filters);
    } catch (IOException e) {
      throw new IOException("port " + port + " of " + config.host() + ": " + e.getMessage(), e);
    }
  }

  void start() {
    servers.forEach(Server::start);
  }

  /** The port that was bound first. */
  int port() {
    return servers.get(0).port();
  }

  /** The port that was bound last. */
  int lastPort() {
    return servers.get(servers.size() - 1).port();
  }

  int inFlight() {
    return servers.stream().mapToInt(Server::inFlight).sum();
  }

  /** From now on each answer closes its connection. */
  void beginDrain() {
    servers.forEach(Server::beginDrain);
  }

  /** Waits until what has been accepted is answered, for the grace period at most. */
  void awaitQuiet() {
    try {
      long end = System.nanoTime() + config.shutdown().grace().toNanos();
      boolean quiet = true;
      for (Server server : servers) {
        Duration left = Duration.ofNanos(end - System.nanoTime());
        quiet &= server.awaitQuiet(config.shutdown().quiet(), left);
      }
      if (!quiet) {
        log.atWarn().addKeyValue("in_flight", inFlight()).log("the grace period is over");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes the ports. */
  void stop() {
    servers.forEach(Server::stop);
  }
}
