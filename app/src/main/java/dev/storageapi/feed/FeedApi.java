package dev.storageapi.feed;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** The feed: {@code /feed}, and its items under {@code /feed/items}: {@code docs/feed.md}. */
public final class FeedApi {

  private static final int PAGE = 100;

  private final ItemStore store;
  private final Feed feed;
  private final WrittenItems written;
  private final int maxPage;
  private final Clock clock;

  /**
   * The API of {@code feed}.
   *
   * @param maxPage the most items of a page
   * @param maxItemBytes the most bytes of the data of an item that a client writes
   */
  public FeedApi(ItemStore store, Feed feed, int maxPage, long maxItemBytes, Clock clock) {
    this.store = store;
    this.feed = feed;
    this.written = new WrittenItems(maxItemBytes);
    this.maxPage = maxPage;
    this.clock = clock;
  }

  /** Where the items come from and how old they are: 200. */
  public Response status(Request request) {
    return Response.json(200, feed.status());
  }

  /** A page of items, newest first: 200, or 400 for a bad {@code limit} or {@code after}. */
  public Response list(Request request) {
    int limit = limit(request.parameter("limit"));
    String after = request.parameter("after");
    List<Entry> page = after == null ? store.newest(limit) : behind(after, limit);
    return aged(Response.json(200, page));
  }

  private List<Entry> behind(String after, int limit) {
    return Optional.of(after)
        .filter(id -> id.indexOf('\0') < 0) // PostgreSQL has no such text
        .flatMap(id -> store.behind(id, limit))
        .orElseThrow(() -> new Refusal(400, "The after parameter is not the id of an item."));
  }

  private int limit(String text) {
    if (text == null) {
      return Math.min(PAGE, maxPage);
    }
    if (!text.matches("[0-9]{1,9}")
        || Integer.parseInt(text) < 1
        || Integer.parseInt(text) > maxPage) {
      throw new Refusal(400, "The limit parameter is a whole number, 1 to " + maxPage + ".");
    }
    return Integer.parseInt(text);
  }

  /** One item: 200 or 404. */
  public Response get(Request request) {
    return aged(Response.json(200, store.get(id(request)).orElseThrow(FeedApi::notFound)));
  }

  /** Adds an item of the client's: 201, 400 for a bad body, 409 where there is one with its id. */
  public Response post(Request request) {
    Instant now = now();
    Item item = written.read(request.body(), Optional.empty(), now);
    if (!store.add(item, now)) {
      throw new Refusal(409, "There is an item with this id. PUT replaces it.");
    }
    feed.changed(1);
    return Response.json(201, Entry.of(item, now))
        .with("Location", "/feed/items/" + segment(item.id()));
  }

  /** Puts an item of the client's in the place of another: 200, 400, 404. */
  public Response put(Request request) {
    Instant now = now();
    Item item = written.read(request.body(), Optional.of(id(request)), now);
    if (!store.replace(item, now)) {
      throw notFound();
    }
    return Response.json(200, Entry.of(item, now));
  }

  /** Removes an item, so that no fetch brings it back: 204 or 404. */
  public Response delete(Request request) {
    if (!store.remove(id(request))) {
      throw notFound();
    }
    feed.changed(-1);
    return Response.empty(204);
  }

  private Response aged(Response response) {
    Double age = feed.age();
    return age == null ? response : response.with("Age", Long.toString(age.longValue()));
  }

  /** As databases keep it. */
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private static String id(Request request) {
    return request.variable("id");
  }

  private static String segment(String id) {
    return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static Refusal notFound() {
    return new Refusal(404, "There is no item with this id.");
  }
}
