package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.Scrape;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code SERVER_ANSWER_BUDGET_BYTES}, with pages that are larger than what buffers hold. */
class AnswerBudgetTest {

  private static final int ITEMS = 80;
  private static final int ITEM_BYTES = 60_000;

  @TempDir private Path folder;

  private RunningApp with(String budget) {
    RunningApp app =
        RunningApp.withDatabase(
            folder, "SERVER_ANSWER_BUDGET_BYTES", budget, "FEED_MAX_ITEM_BYTES", "64KiB");
    String item =
        "{\"title\":\"large\",\"data\":{\"text\":\"%s\"}}".formatted("x".repeat(ITEM_BYTES));
    for (int i = 0; i < ITEMS; i++) {
      assertThat(app.send("POST", "/feed/items", item.getBytes(UTF_8)).statusCode()).isEqualTo(201);
    }
    return app;
  }

  private static RawClient slowReader(RunningApp app) {
    RawClient reader = RawClient.connect(app.app.port(), 4096);
    reader.write("GET /feed/items HTTP/1.1\r\nHost: x\r\n\r\n");
    return reader;
  }

  private static void awaitReaders(RunningApp app, int count) {
    await().until(() -> scrape(app).value("http_requests_in_flight") == 1 + count); // and itself
  }

  private static Scrape scrape(RunningApp app) {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }

  private static void assertRefused(RunningApp app, int times) {
    assertThat(rejected(app)).isEqualTo(times - 1);
    HttpResponse<byte[]> refused = app.get("/feed/items");

    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(header(refused, "Retry-After")).isEqualTo("1");
    assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(body(refused)).contains("Too many bytes are being sent");
    assertThat(rejected(app)).isEqualTo(times);
  }

  private static double rejected(RunningApp app) {
    return scrape(app).value("http_requests_rejected_total", "reason", "answer_budget");
  }

  @Test
  void slowReadersHoldSoManyBytesTogetherAndGiveThemBackWhenTheyGo() {
    try (RunningApp app = with("10MiB")) { // two pages, not three
      List<RawClient> readers = new ArrayList<>();
      readers.add(slowReader(app));
      readers.add(slowReader(app));
      awaitReaders(app, 2);

      assertRefused(app, 1);
      assertThat(app.get("/feed/items?limit=1").statusCode()).isEqualTo(200); // there is room
      assertThat(app.get("/feed").statusCode()).isEqualTo(200);
      readers.remove(0).close();
      awaitReaders(app, 1);
      assertThat(app.get("/feed/items").body()).hasSizeGreaterThan(ITEMS * ITEM_BYTES);
      readers.add(slowReader(app));
      awaitReaders(app, 2);
      assertRefused(app, 2);
      readers.forEach(RawClient::close);
      awaitReaders(app, 0);
    }
  }

  @Test
  void oneAnswerIsAlwaysAllowed() {
    try (RunningApp app = with("1")) {
      assertThat(app.get("/feed/items").body()).hasSizeGreaterThan(ITEMS * ITEM_BYTES);
      RawClient reader = slowReader(app);
      awaitReaders(app, 1);
      assertRefused(app, 1);
      reader.close();
      awaitReaders(app, 0);
      assertThat(app.get("/feed/items").statusCode()).isEqualTo(200);
    }
  }
}
