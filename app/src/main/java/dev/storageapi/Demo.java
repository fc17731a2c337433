package dev.storageapi;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Traffic like the exercise's, from inside: some twenty requests a second that put, get and delete
 * a hundred ids at random. Deletes of what is there answer 500, and the page shows it.
 */
final class Demo implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Demo.class);
  private static final long PERIOD_MILLIS = 50;
  private static final int IDS = 100;

  private final String url;
  private final Random random = new Random();
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();

  Demo(String url) {
    this.url = url;
  }

  void start() {
    ScheduledFuture<?> unused =
        schedule.scheduleAtFixedRate(this::request, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void request() {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + "/api/buckets/" + random.nextInt(IDS)))
            .timeout(Duration.ofSeconds(5));
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 -> request.PUT(BodyPublishers.ofByteArray(new byte[random.nextInt(4096)]));
      case 4, 5 -> request.DELETE();
      default -> request.GET();
    }
    try {
      client.send(request.build(), BodyHandlers.discarding());
    } catch (IOException e) {
      log.warn("a request of the demo failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    schedule.shutdownNow();
  }
}
