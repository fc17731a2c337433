package dev.storageapi;

import dev.storageapi.http.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Traffic like the exercises': some twenty requests a second that put, get and delete a hundred ids
 * at random; if there is a database add, list, read and delete datasets, read the feed, and
 * reticulate now and then; and if there is a model have it read digits. Deletes of what is there
 * answer 500, and the page shows it.
 */
final class Demo implements AutoCloseable {

  /** Requests a second, if nothing else is wanted. */
  static final int RATE = 20;

  private static final int IDS = 100;
  private static final int MAX_DATASETS = 100;
  private static final int MAX_UNDER_WAY = 16;
  private static final int RETICULATE_EVERY_SECONDS = 30;
  private static final int PREDICT_ONE_IN = 8;
  private static final int UNFIT_ONE_IN = 40;

  private final String url;
  private final int rate;
  private final Target target;
  private final Random random = new Random();
  private final Semaphore places = new Semaphore(MAX_UNDER_WAY);

  /** The datasets added here, oldest first: only these are deleted, and so they stay few. */
  private final List<Long> datasets = new CopyOnWriteArrayList<>();

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();

  /** Whom the traffic is for, and who hears what became of it, on any thread. */
  interface Target {
    /** Whether to send anything now. */
    boolean isThere();

    /** Whether it has a database to ask now. */
    boolean hasDatabase();

    /** Whether it has a model to ask now. */
    boolean hasModel();

    /** A request was answered. */
    default void answered(HttpResponse<?> answer) {}

    /** A request was not answered. */
    void failed(Throwable cause);

    /** A request was not sent, since too many are under way. */
    default void skipped() {}
  }

  /** Traffic of {@code rate} requests a second to {@code url}. */
  Demo(String url, int rate, Target target) {
    this.url = url;
    this.rate = rate;
    this.target = target;
  }

  void start() {
    ScheduledFuture<?> unused =
        schedule.scheduleAtFixedRate(
            this::request, 0, TimeUnit.SECONDS.toNanos(1) / rate, TimeUnit.NANOSECONDS);
  }

  private void request() {
    if (!target.isThere()) {
      return;
    }
    boolean tables = target.hasDatabase();
    if (tables && random.nextInt(RETICULATE_EVERY_SECONDS * rate) == 0) {
      send(reticulation(), () -> {});
    }
    if (places.tryAcquire()) {
      send(next(tables), places::release);
    } else {
      target.skipped();
    }
  }

  private void send(HttpRequest request, Runnable end) {
    Future<?> unused =
        client
            .sendAsync(request, BodyHandlers.ofByteArray())
            .whenComplete(
                (answer, cause) -> {
                  end.run();
                  if (cause != null) {
                    target.failed(cause);
                  } else {
                    target.answered(answer);
                    remember(answer);
                  }
                });
  }

  private void remember(HttpResponse<byte[]> answer) {
    HttpRequest request = answer.request();
    boolean added = request.method().equals("POST") && request.uri().getPath().equals("/datasets");
    if (added && answer.statusCode() == 200) {
      datasets.add(Json.read(answer.body()).path("id").longValue());
    }
  }

  private HttpRequest next(boolean tables) {
    if (target.hasModel() && random.nextInt(PREDICT_ONE_IN) == 0) {
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
      case 0 ->
          datasets.size() < MAX_DATASETS
              ? to("/datasets?name=demo").POST(BodyPublishers.noBody()).build()
              : to("/datasets/" + datasets.remove(0)).DELETE().build();
      case 1 -> to("/datasets?limit=10").build();
      case 2, 3, 4 -> to("/feed/items?limit=10").build();
      default -> to("/datasets/" + dataset()).build();
    };
  }

  private long dataset() {
    return datasets.isEmpty()
        ? 1 + random.nextInt(10)
        : datasets.get(random.nextInt(datasets.size()));
  }

  private HttpRequest ofBuckets() {
    HttpRequest.Builder request = to("/api/buckets/" + random.nextInt(IDS));
    return switch (random.nextInt(10)) {
      case 0, 1, 2, 3 ->
          request.PUT(BodyPublishers.ofByteArray(new byte[random.nextInt(4096)])).build();
      case 4, 5, 6 -> request.DELETE().build();
      default -> request.build();
    };
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(10));
  }

  @Override
  public void close() {
    schedule.shutdownNow();
  }
}
