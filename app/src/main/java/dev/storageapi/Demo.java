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
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Traffic like the exercises', from inside: some twenty requests a second that put, get and delete
 * a hundred ids at random; if there is a database add, list and read datasets and the feed, and
 * reticulate now and then; and if there is a model have it read digits. Deletes of what is there
 * answer 500, and the page shows it.
 */
final class Demo implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Demo.class);
  private static final long PERIOD_MILLIS = 50;
  private static final int IDS = 100;
  private static final int RETICULATE_ONE_IN = 600;
  private static final int PREDICT_ONE_IN = 8;
  private static final int UNFIT_ONE_IN = 40;

  private final String url;
  private final BooleanSupplier database;
  private final BooleanSupplier model;
  private final Random random = new Random();
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();

  /**
   * Traffic to a service.
   *
   * @param database whether it has a database now
   * @param model whether it has a model now
   */
  Demo(String url, BooleanSupplier database, BooleanSupplier model) {
    this.url = url;
    this.database = database;
    this.model = model;
  }

  void start() {
    ScheduledFuture<?> unused =
        schedule.scheduleAtFixedRate(this::request, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void request() {
    try {
      boolean tables = database.getAsBoolean();
      if (tables && random.nextInt(RETICULATE_ONE_IN) == 0) {
        Future<?> unused = client.sendAsync(reticulation(), BodyHandlers.discarding());
      }
      client.send(next(tables), BodyHandlers.discarding());
    } catch (IOException e) {
      log.warn("a request of the demo failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private HttpRequest next(boolean tables) {
    if (model.getAsBoolean() && random.nextInt(PREDICT_ONE_IN) == 0) {
      return ofModel();
    }
    return tables && random.nextInt(4) == 0 ? ofTables() : ofBuckets();
  }

  private HttpRequest ofModel() {
    byte[] form =
        random.nextInt(UNFIT_ONE_IN) == 0
            ? DemoDigits.unfit()
            : DemoDigits.form(DemoDigits.png(random.nextInt(DemoDigits.COUNT), random));
    return to("/predict")
        .header("Content-Type", DemoDigits.CONTENT_TYPE)
        .POST(BodyPublishers.ofByteArray(form))
        .build();
  }

  private HttpRequest reticulation() {
    return to("/datasets/1/reticulate").POST(BodyPublishers.noBody()).build();
  }

  private HttpRequest ofTables() {
    return switch (random.nextInt(10)) {
      case 0 -> to("/datasets?name=demo").POST(BodyPublishers.noBody()).build();
      case 1 -> to("/datasets?limit=10").build();
      case 2, 3, 4 -> to("/feed/items?limit=10").build();
      default -> to("/datasets/" + (1 + random.nextInt(10))).build();
    };
  }

  private HttpRequest ofBuckets() {
    HttpRequest.Builder request = to("/api/buckets/" + random.nextInt(IDS));
    return switch (random.nextInt(10)) {
      case 0, 1, 2, 3 ->
          request.PUT(BodyPublishers.ofByteArray(new byte[random.nextInt(4096)])).build();
      case 4, 5 -> request.DELETE().build();
      default -> request.build();
    };
  }

  private HttpRequest.Builder to(String target) {
    return HttpRequest.newBuilder(URI.create(url + target)).timeout(Duration.ofSeconds(10));
  }

  @Override
  public void close() {
    schedule.shutdownNow();
  }
}
