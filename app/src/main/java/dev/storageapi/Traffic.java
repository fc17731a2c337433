package dev.storageapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.storageapi.http.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The demo's traffic from a process of its own, as a client behind a load balancer would send it:
 * {@code GET /ready} tells when there is a service, and nothing is sent while it is away or not
 * ready. It is asked every few seconds, and at once where an answer or its lack gives doubts.
 *
 * <p>What needs a database or a model is asked for from the first time on that it is ready, and
 * then even where it is not: traffic does not spare a service its faults. When the service has been
 * away that begins anew.
 */
final class Traffic implements Demo.Target, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Traffic.class);

  private static final int LOOK_EVERY_SECONDS = 5;
  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(5);

  /** What a service that is not ready says, or the proxy before one that is not there. */
  private static final Set<Integer> AWAY = Set.of(502, 503, 504);

  /** Answers are counted under the first digit of their status, the other requests here. */
  private static final int FAILED = 0;

  private static final int SKIPPED = 1;
  private static final int LAST_CLASS = 5;

  private final String url;
  private final HttpRequest ready;
  private final Demo demo;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(LOOK_TIMEOUT)
          .build();
  private final ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLongArray counts = new AtomicLongArray(LAST_CLASS + 1);
  private boolean looked;
  private int sinceLook;
  private volatile boolean there;
  private volatile boolean database;
  private volatile boolean model;
  private volatile boolean doubt;

  /** Traffic of {@code rate} requests a second to {@code url}, which has no slash at its end. */
  Traffic(String url, int rate) {
    this.url = url;
    ready = HttpRequest.newBuilder(URI.create(url + "/ready")).timeout(LOOK_TIMEOUT).build();
    demo = new Demo(url, rate, this);
  }

  void start() {
    List<ScheduledFuture<?>> unused =
        List.of(
            schedule.scheduleWithFixedDelay(this::tick, 0, 1, TimeUnit.SECONDS),
            schedule.scheduleAtFixedRate(this::tell, 1, 1, TimeUnit.MINUTES));
    demo.start();
  }

  private void tick() {
    sinceLook++;
    if (!there || doubt || sinceLook >= LOOK_EVERY_SECONDS) {
      sinceLook = 0;
      doubt = false;
      look();
    }
  }

  private void look() {
    try {
      HttpResponse<byte[]> answer = client.send(ready, BodyHandlers.ofByteArray());
      JsonNode says = json(answer.body());
      if (AWAY.contains(answer.statusCode())) {
        String reason = says.path("reason").asText();
        gone("/ready answers " + answer.statusCode() + (reason.isEmpty() ? "" : ": " + reason));
      } else {
        database |= says.at("/features/datasets/ready").asBoolean();
        model |= says.at("/features/inference/ready").asBoolean();
        come();
      }
    } catch (IOException e) {
      gone(Optional.ofNullable(e.getCause()).orElse(e).toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Of a service whose {@code /ready} is elsewhere, nothing but storage is known. */
  private static JsonNode json(byte[] body) {
    try {
      return Json.read(body);
    } catch (IllegalArgumentException e) {
      return MissingNode.getInstance();
    }
  }

  private void come() {
    if (!there) {
      log.atInfo().addKeyValue("url", url).log("the service is there");
    }
    there = true;
    looked = true;
  }

  private void gone(String reason) {
    if (there || !looked) {
      log.atWarn()
          .addKeyValue("url", url)
          .addKeyValue("reason", reason)
          .log(there ? "the service is away" : "the service is not there yet");
    }
    there = false;
    looked = true;
    database = false;
    model = false;
  }

  /** How many answers there were since the last time, if anything was sent. */
  private void tell() {
    long[] now = new long[counts.length()];
    for (int i = 0; i < now.length; i++) {
      now[i] = counts.getAndSet(i, 0);
    }
    if (LongStream.of(now).sum() > 0) {
      log.atInfo()
          .addKeyValue("status_2xx", now[2])
          .addKeyValue("status_3xx", now[3])
          .addKeyValue("status_4xx", now[4])
          .addKeyValue("status_5xx", now[5])
          .addKeyValue("failed", now[FAILED])
          .addKeyValue("skipped", now[SKIPPED])
          .log("what became of the traffic since the last such line");
    }
  }

  @Override
  public boolean isThere() {
    return there;
  }

  @Override
  public boolean hasDatabase() {
    return database;
  }

  @Override
  public boolean hasModel() {
    return model;
  }

  /** A service that is about to end, and nobody else, closes the connection of each answer. */
  @Override
  public void answered(HttpResponse<?> answer) {
    counts.incrementAndGet(Math.min(answer.statusCode() / 100, LAST_CLASS));
    if (answer.headers().firstValue("Connection").filter("close"::equalsIgnoreCase).isPresent()) {
      doubt = true;
    }
  }

  @Override
  public void failed(Throwable cause) {
    counts.incrementAndGet(FAILED);
    doubt = true;
  }

  @Override
  public void skipped() {
    counts.incrementAndGet(SKIPPED);
  }

  /** What is under way is not waited for. */
  @Override
  public void close() {
    demo.close();
    schedule.shutdownNow();
    tell();
  }
}
