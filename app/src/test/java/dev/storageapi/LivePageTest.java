package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The pages in a real browser: what they show equals the traffic that was sent. */
class LivePageTest {

  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

  /** Nobody listens there. */
  private static final String AWAY = "postgresql://127.0.0.1:1/storage";

  @TempDir private Path folder;
  private RunningApp app;
  private Live live;
  private Server server;
  private ChromeDriver browser;

  @BeforeEach
  void open() {
    assumeTrue(
        Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
        "skipped: needs Debian's packages chromium and chromium-driver");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync");
    LoggingPreferences console = new LoggingPreferences();
    console.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", console);
    browser =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .usingAnyFreePort()
                .build(),
            options);
  }

  @AfterEach
  void close() {
    if (browser != null) {
      browser.quit();
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

  private String value(String selector) {
    return browser.findElement(By.cssSelector(selector)).getDomAttribute("data-value");
  }

  private String text(String selector) {
    return browser.findElement(By.cssSelector(selector)).getText();
  }

  private void eventuallyReads(String selector, String expected) {
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(() -> assertThat(text(selector)).isEqualTo(expected));
  }

  private void eventually(String selector, String expected) {
    await()
        .atMost(Duration.ofSeconds(15))
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(value(selector)).as(selector).isEqualTo(expected));
  }

  @Test
  void thePageShowsTheTrafficThatWasSent() {
    start();
    browser.get(app.uri("/").toString());
    eventually("#total-requests", "0");
    for (int i = 0; i < 10; i++) {
      app.put("/api/buckets/" + i, "hello");
      app.get("/api/buckets/" + i);
    }
    for (int i = 0; i < 6; i++) {
      app.delete("/api/buckets/" + (i + 7));
    }
    app.get("/nowhere");

    eventually("#total-requests", "27");
    eventually("[data-status='200']", "20");
    eventually("[data-status='400']", "3");
    eventually("[data-status='404']", "1");
    eventually("[data-status='500']", "3");
    eventually("#bucket-count", "7");
    eventually("#bucket-bytes", "35");
    eventually("[data-route='DELETE /api/buckets/{id}'] [data-cell='requests']", "6");
    eventually("[data-route='DELETE /api/buckets/{id}'] [data-cell='errors']", "3");
    eventually("[data-route='PUT /api/buckets/{id}'] [data-cell='errors']", "0");
    assertThat(browser.findElement(By.id("message")).getText())
        .contains("500", "DELETE /api/buckets/{id}");
    assertThat(complaints()).isEmpty();
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
    browser.get(app.uri("/").toString());
    eventually("#pool", "3");
    eventually("#connections", "0");
    eventually("#reticulations", "0");
    await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () -> {
              app.send("POST", "/datasets?name=one", new byte[0]);
              return text("#query_time-legend .value").matches("[0-9.]+\u202f(µs|ms|s)");
            });
    assertThat(Integer.parseInt(value("#queries"))).isPositive();
    assertThat(browser.findElement(By.cssSelector("#query_time-plot .line")).getDomAttribute("d"))
        .startsWith("M");
    assertThat(text("#trouble")).isEmpty();

    CompletableFuture<HttpResponse<byte[]>> reticulation =
        CompletableFuture.supplyAsync(
            () -> app.send("POST", "/datasets/1/reticulate", new byte[0]));
    eventually("#reticulations", "1");
    assertThat(reticulation).isNotDone();
    assertThat(complaints()).isEmpty();
  }

  @Test
  void aDatabaseThatIsAwayIsSaidInWords() {
    start("DATABASE_URL", AWAY);
    browser.get(app.uri("/").toString());

    await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () ->
                text("#trouble")
                    .startsWith("The database is away: PostgreSQL at 127.0.0.1:1/storage: "));
    assertThat(browser.findElement(By.id("database")).isDisplayed()).isTrue();
  }

  @Test
  void withoutADatabaseThereIsNoCardForIt() {
    start();
    browser.get(app.uri("/").toString());
    eventually("#total-requests", "0");

    assertThat(browser.findElement(By.id("database")).isDisplayed()).isFalse();
    assertThat(browser.findElement(By.id("routes-title")).isDisplayed()).isTrue();
    assertThat(complaints()).isEmpty();
  }

  @Test
  void aFeedIsCalledStaleBehindMoreThanOneFailedFetch() throws IOException {
    AtomicReference<DatabaseStats.Feed> feed =
        new AtomicReference<>(new DatabaseStats.Feed(null, 0, 60));
    browser.get(startPageOf(feed::get));
    eventuallyReads("#feed dd", "not fetched yet · 0 stored");

    feed.set(new DatabaseStats.Feed(240.0, 1200, 60));
    eventuallyReads("#feed dd", "4 min 0 s old · 1\u202f200 stored");
    String fresh = browser.findElement(By.id("feed-age")).getCssValue("color");

    feed.set(new DatabaseStats.Feed(241.0, 1200, 60));
    eventuallyReads("#feed dd", "4 min 1 s old: stale · 1\u202f200 stored");
    assertThat(browser.findElement(By.id("feed-age")).getCssValue("color")).isNotEqualTo(fresh);
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
            () -> 1,
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
    start("DATABASE_URL", AWAY);
    browser.manage().window().setSize(new Dimension(500, 800)); // as narrow as the browser goes
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 360, "height", 740, "deviceScaleFactor", 2, "mobile", true));
    browser.get(app.uri("/").toString());
    app.put("/api/buckets/1", "hello");
    eventually("#total-requests", "1");

    assertThat(browser.findElement(By.id("database")).isDisplayed()).isTrue();
    Object overflow =
        browser.executeScript(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assertThat(overflow).isEqualTo(0L);
  }

  @Test
  void everyRouteCanBeTriedOnTheDocsPage() {
    start();
    browser.get(app.uri("/docs").toString());
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () ->
                assertThat(browser.findElements(By.cssSelector(".opblock")))
                    .hasSize(app.text("/openapi.json").split("\"operationId\"", -1).length - 1));
    assertThat(complaints()).isEmpty();
  }

  /** What the browser's console holds against the page: violations of its policy, errors. */
  private List<String> complaints() {
    return browser.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(entry -> entry.getMessage())
        .toList();
  }
}
