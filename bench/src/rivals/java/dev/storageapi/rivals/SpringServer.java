package dev.storageapi.rivals;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * The Storage API's PUT and GET on Spring Boot MVC over Tomcat, with its defaults, but that Tomcat
 * keeps connections for more than 100 requests; no metrics, no access log.
 */
@SpringBootApplication
@RestController
public class SpringServer {

  private final Map<String, byte[]> buckets = new ConcurrentHashMap<>();

  /** Listens on the port given. */
  public static void main(String[] arguments) {
    SpringApplication.run(
        SpringServer.class,
        "--server.port=" + arguments[0],
        "--server.tomcat.max-keep-alive-requests=-1");
  }

  /** Stores the body. */
  @PutMapping("/api/buckets/{id}")
  public void put(@PathVariable("id") String id, @RequestBody byte[] object) {
    buckets.put(id, object);
  }

  /** The stored bytes: 200, or 404. */
  @GetMapping("/api/buckets/{id}")
  public ResponseEntity<?> get(@PathVariable("id") String id) {
    byte[] object = buckets.get(id);
    return object == null
        ? ResponseEntity.status(404).body(Map.of("error", "not found"))
        : ResponseEntity.ok().contentType(MediaType.APPLICATION_OCTET_STREAM).body(object);
  }
}
