package dev.storageapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.storageapi.testing.Scrape;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** The real application with a feed that is fetched ten times a second, and what it answers. */
final class RunningFeed implements AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();

  final RunningApp app;

  private RunningFeed(RunningApp app) {
    this.app = app;
  }

  /**
   * Starts, and waits for the database.
   *
   * @param upstream the port of what is fetched from
   * @param settings more of them, or others, as names and values in turn
   */
  static RunningFeed of(int upstream, String database, String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "DATABASE_URL",
                database,
                "FEED_URL",
                "http://127.0.0.1:" + upstream + "/documents",
                "FEED_ALLOWED_HOSTS",
                "127.0.0.1:" + upstream,
                "FEED_QUOTA",
                "10",
                "FEED_QUOTA_WINDOW",
                "1s",
                "FEED_MAX_BACKOFF",
                "1s"));
    all.addAll(List.of(settings));
    RunningFeed feed = new RunningFeed(RunningApp.with(all.toArray(String[]::new)));
    await().until(() -> feed.app.get("/ready/feed").statusCode() == 200);
    return feed;
  }

  /** A segment of a path, or a value of a query. */
  static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  HttpResponse<byte[]> post(String body, String... headers) {
    return app.send("POST", "/feed/items", body.getBytes(UTF_8), headers);
  }

  HttpResponse<byte[]> put(String id, String body) {
    return app.put("/feed/items/" + encoded(id), body);
  }

  HttpResponse<byte[]> get(String id) {
    return app.get("/feed/items/" + encoded(id));
  }

  HttpResponse<byte[]> delete(String id) {
    return app.delete("/feed/items/" + encoded(id));
  }

  static JsonNode json(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(RunningApp.body(answer));
    } catch (JsonProcessingException e) {
      throw new AssertionError(RunningApp.body(answer), e);
    }
  }

  /** The item, which must be there. */
  JsonNode item(String id) {
    HttpResponse<byte[]> answer = get(id);
    assertThat(answer.statusCode()).as(id).isEqualTo(200);
    return json(answer);
  }

  /** {@code GET /feed}. */
  JsonNode status() {
    return json(app.get("/feed"));
  }

  /** The ids of one page. */
  List<String> ids(String query) {
    HttpResponse<byte[]> answer = app.get("/feed/items" + query);
    assertThat(answer.statusCode()).as(RunningApp.body(answer)).isEqualTo(200);
    List<String> ids = new ArrayList<>();
    json(answer).forEach(item -> ids.add(item.get("id").asText()));
    return ids;
  }

  /** All ids in the order of the feed, by pages of so many. */
  List<String> walk(int limit) {
    List<String> all = new ArrayList<>();
    List<String> page = ids("?limit=" + limit);
    while (!page.isEmpty()) {
      assertThat(page).hasSizeLessThanOrEqualTo(limit);
      all.addAll(page);
      page = ids("?limit=" + limit + "&after=" + encoded(page.get(page.size() - 1)));
    }
    return all;
  }

  Scrape scrape() {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }

  /** How many fetches have ended so. */
  double fetches(String outcome) {
    return scrape().value("feed_fetches_total", "outcome", outcome);
  }

  /** Waits for a fetch that ends so and began after this call. */
  void awaitFetch(String outcome) {
    double before = fetches(outcome);
    await().until(() -> fetches(outcome) >= before + 2); // one may be under way
  }

  /** Waits for a fetch that goes well and began after this call. */
  void awaitFetch() {
    double before = fine();
    await().until(() -> fine() >= before + 2);
  }

  private double fine() {
    return fetches("success") + fetches("not_modified");
  }

  @Override
  public void close() {
    app.close();
  }
}
