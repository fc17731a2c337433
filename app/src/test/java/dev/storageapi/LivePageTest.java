package dev.storageapi;

import static dev.storageapi.Browser.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.http.Route;
import dev.storageapi.http.Server;
import dev.storageapi.operations.DatabaseStats;
import dev.storageapi.operations.Live;
import dev.storageapi.operations.LiveStats;
import dev.storageapi.operations.Pages;
import dev.storageapi.operations.Readiness;
import dev.storageapi.operations.Service;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages in a real browser: what they show equals the traffic that was sent. */
class LivePageTest {

  /** Nobody listens there. */
  private static final String AWAY = "postgresql://127.0.0.1:1/storage";

  @TempDir private Path folder;
  private RunningApp app;
  private Live live;
  private Server server;
  private Browser browser;

  @BeforeEach
  void open() {
    browser = new Browser();
  }

  @AfterEach
  void close() {
    if (browser != null) {
      browser.close();
    }
    if (app != null) {
      app.close();
    }
    if (live != null) {
      live.close();
      server.stop();
    }
  }

  /** Starts the application with settings given as names and values in turn. */
  private void start(String... settings) {
    app = RunningApp.with(settings);
  }

  @Test
  void thePageShowsTheTrafficThatWasSent() {
    start();
    browser.open(app.uri("/"));
    browser.eventuallyHas("#total-requests", "0");
    for (int i = 0; i < 10; i++) {
      app.put("/api/buckets/" + i, "hello");
      app.get("/api/buckets/" + i);
    }
    for (int i = 0; i < 6; i++) {
      app.delete("/api/buckets/" + (i + 7));
    }
    app.get("/nowhere");

    browser.eventuallyHas("#total-requests", "27");
    browser.eventuallyHas("[data-status='200']", "20");
    browser.eventuallyHas("[data-status='400']", "3");
    browser.eventuallyHas("[data-status='404']", "1");
    browser.eventuallyHas("[data-status='500']", "3");
    browser.eventuallyHas("#bucket-count", "7");
    browser.eventuallyHas("#bucket-bytes", "35");
    browser.eventuallyHas("[data-route='DELETE /api/buckets/{id}'] [data-cell='requests']", "6");
    browser.eventuallyHas("[data-route='DELETE /api/buckets/{id}'] [data-cell='errors']", "3");
    browser.eventuallyHas("[data-route='PUT /api/buckets/{id}'] [data-cell='errors']", "0");
    Browser.eventually()
        .untilAsserted(
            () ->
                assertThat(browser.find("#message").getText())
                    .contains("500", "DELETE /api/buckets/{id}"));
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void theDatabaseHasACardWithItsQueriesAndTheReticulationsThatRun() {
    start(
        "DATABASE_URL", "jdbc:h2:file:" + folder.resolve("storage"),
        "DATABASE_POOL_SIZE", "3",
        "DATASETS_RETICULATE_CPU", "0ms",
        "DATASETS_RETICULATE_MEMORY", "1MiB",
        "DATASETS_RETICULATE_PAUSE", "29s");
    await().until(() -> app.get("/ready/datasets").statusCode() == 200);
    browser.open(app.uri("/"));
    browser.eventuallyHas("#pool", "3");
    browser.eventuallyHas("#connections", "0");
    browser.eventuallyHas("#reticulations", "0");
    eventually()
        .until(
            () -> {
              app.send("POST", "/datasets?name=one", new byte[0]);
              return browser.text("#query_time-legend .value").matches("[0-9.]+\u202f(µs|ms|s)");
            });
    assertThat(Integer.parseInt(browser.value("#queries"))).isPositive();
    assertThat(browser.find("#query_time-plot .line").getDomAttribute("d")).startsWith("M");
    assertThat(browser.text("#trouble")).isEmpty();

    CompletableFuture<HttpResponse<byte[]>> reticulation =
        CompletableFuture.supplyAsync(
            () -> app.send("POST", "/datasets/1/reticulate", new byte[0]));
    browser.eventuallyHas("#reticulations", "1");
    assertThat(reticulation).isNotDone();
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void aDatabaseThatIsAwayIsSaidInWords() {
    start("DATABASE_URL", AWAY);
    browser.open(app.uri("/"));

    eventually()
        .until(
            () ->
                browser
                    .text("#trouble")
                    .startsWith("The database is away: PostgreSQL at 127.0.0.1:1/storage: "));
    assertThat(browser.find("#database").isDisplayed()).isTrue();
  }

  @Test
  void withoutADatabaseThereIsNoCardForIt() {
    start();
    browser.open(app.uri("/"));
    browser.eventuallyHas("#total-requests", "0");

    assertThat(browser.find("#database").isDisplayed()).isFalse();
    assertThat(browser.find("#routes-title").isDisplayed()).isTrue();
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void aFeedIsCalledStaleBehindMoreThanOneFailedFetch() throws IOException {
    AtomicReference<DatabaseStats.Feed> feed =
        new AtomicReference<>(new DatabaseStats.Feed(null, 0, 60));
    browser.open(startPageOf(feed::get));
    browser.eventuallyReads("#feed dd", "not fetched yet · 0 stored");

    feed.set(new DatabaseStats.Feed(240.0, 1200, 60));
    browser.eventuallyReads("#feed dd", "4 min 0 s old · 1\u202f200 stored");
    String fresh = browser.find("#feed-age").getCssValue("color");

    feed.set(new DatabaseStats.Feed(241.0, 1200, 60));
    browser.eventuallyReads("#feed dd", "4 min 1 s old: stale · 1\u202f200 stored");
    assertThat(browser.find("#feed-age").getCssValue("color")).isNotEqualTo(fresh);
  }

  /** Starts the page alone, over a stream of nothing but that feed; returns where it is. */
  private String startPageOf(Supplier<DatabaseStats.Feed> feed) throws IOException {
    Main.serverProperties(Config.from(Map.of()).server());
    live = liveOf(feed);
    live.start();
    Pages pages = new Pages();
    server =
        new Server(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            16,
            Server.Threads.AUTO,
            100,
            List.of(
                Route.get("/", pages::live, 200),
                Route.get("/live", live::stream, 200),
                Route.get("/assets/{file}", pages::asset, 200)),
            List.of());
    server.start();
    return "http://127.0.0.1:" + server.port() + "/";
  }

  private static Live liveOf(Supplier<DatabaseStats.Feed> feed) {
    HistogramSnapshot nothing = HistogramSnapshot.builder().name("nothing").build();
    DatabaseStats.Sources database =
        new DatabaseStats.Sources(
            () -> nothing,
            () -> new DatabaseStats.State(true, false, ""),
            () -> 0,
            1,
            () -> 0,
            1,
            feed);
    LiveStats.Sources sources =
        new LiveStats.Sources(
            () -> nothing,
            Set.of(),
            () -> 0,
            () -> 0,
            () -> 0,
            () -> OptionalLong.of(1),
            () -> 0,
            Optional.of(database),
            Optional.empty());
    return new Live(
        new LiveStats(sources, Clock.systemUTC()),
        Map.of(),
        new Service("test", "local", Optional.empty(), Map.of(), Clock.systemUTC()),
        new Readiness(Map.of(), List.of()),
        10,
        Duration.ofSeconds(30));
  }

  @Test
  void thePageFitsAPhone() {
    app = RunningApp.withModel("DATABASE_URL", AWAY);
    browser.shrink();
    browser.open(app.uri("/"));
    app.put("/api/buckets/1", "hello");
    browser.eventuallyHas("#total-requests", "1");

    assertThat(browser.find("#database").isDisplayed()).isTrue();
    assertThat(browser.find("#inference").isDisplayed()).isTrue();
    Object overflow =
        browser.run(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assertThat(overflow).isEqualTo(0L);
  }

  @Test
  void everyRouteCanBeTriedOnTheDocsPage() {
    start();
    browser.open(app.uri("/docs"));
    eventually()
        .untilAsserted(
            () ->
                assertThat(browser.all(".opblock"))
                    .hasSize(app.text("/openapi.json").split("\"operationId\"", -1).length - 1));
    assertThat(browser.complaints()).isEmpty();
  }
}
