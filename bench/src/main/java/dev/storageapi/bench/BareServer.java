package dev.storageapi.bench;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.storageapi.BareProperties;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * The JDK's server with one handler that answers 100 bytes, whatever is asked: what our GET can
 * come near to and never reach. Same system properties and same kind of threads as the service.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' dev.storageapi.bench.BareServer 5001 virtual
 * }</pre>
 */
public final class BareServer {

  private BareServer() {}

  /** Listens on the port given first; the second argument is {@code pool} or {@code virtual}. */
  public static void main(String[] arguments) throws IOException, ReflectiveOperationException {
    byte[] body = new byte[100];
    start(
        Integer.parseInt(arguments[0]),
        arguments[1].equals("virtual"),
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
          exchange.sendResponseHeaders(200, body.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
          }
        });
  }

  /** Listens, and has everything answered by {@code handler}. */
  static void start(int port, boolean virtual, HttpHandler handler)
      throws IOException, ReflectiveOperationException {
    BareProperties.set();
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 1024);
    server.setExecutor(executor(virtual));
    server.createContext("/", handler);
    server.start();
  }

  private static Executor executor(boolean virtual) throws ReflectiveOperationException {
    return virtual
        ? (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null)
        : Executors.newCachedThreadPool();
  }
}
