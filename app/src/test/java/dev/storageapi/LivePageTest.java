package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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

  private RunningApp app;
  private ChromeDriver browser;

  @BeforeEach
  void open() {
    assumeTrue(
        Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
        "skipped: needs Debian's packages chromium and chromium-driver");
    app = RunningApp.with();
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
  }

  private String value(String selector) {
    return browser.findElement(By.cssSelector(selector)).getDomAttribute("data-value");
  }

  private void eventually(String selector, String expected) {
    await()
        .atMost(Duration.ofSeconds(15))
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(value(selector)).as(selector).isEqualTo(expected));
  }

  @Test
  void thePageShowsTheTrafficThatWasSent() {
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
  void thePageFitsAPhone() {
    browser.manage().window().setSize(new Dimension(500, 800)); // as narrow as the browser goes
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 360, "height", 740, "deviceScaleFactor", 2, "mobile", true));
    browser.get(app.uri("/").toString());
    app.put("/api/buckets/1", "hello");
    eventually("#total-requests", "1");

    Object overflow =
        browser.executeScript(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assertThat(overflow).isEqualTo(0L);
  }

  @Test
  void everyRouteCanBeTriedOnTheDocsPage() {
    browser.get(app.uri("/docs").toString());
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () ->
                assertThat(browser.findElements(By.cssSelector(".opblock")))
                    .hasSameSizeAs(app.app.routes()));
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
