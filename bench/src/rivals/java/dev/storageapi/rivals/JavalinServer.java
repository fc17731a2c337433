package dev.storageapi.rivals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.javalin.Javalin;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.LoggerFactory;

/** The Storage API's PUT and GET on Javalin, with its defaults; no metrics, no access log. */
public final class JavalinServer {

  private JavalinServer() {}

  /** Listens on the port given. */
  public static void main(String[] arguments) {
    // Spring Boot does so by itself; Logback's own default is to print every step of Jetty.
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.INFO);
    Map<String, byte[]> buckets = new ConcurrentHashMap<>();
    Javalin server = Javalin.create(config -> config.showJavalinBanner = false);
    server.put(
        "/api/buckets/{id}",
        context -> buckets.put(context.pathParam("id"), context.bodyAsBytes()));
    server.get(
        "/api/buckets/{id}",
        context -> {
          byte[] object = buckets.get(context.pathParam("id"));
          if (object == null) {
            context.status(404).json(Map.of("error", "not found"));
          } else {
            context.contentType("application/octet-stream").result(object);
          }
        });
    server.start(Integer.parseInt(arguments[0]));
  }
}
