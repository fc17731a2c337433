package dev.storageapi;

import dev.storageapi.feed.AddressRules;
import dev.storageapi.feed.Mapping;
import dev.storageapi.feed.Pace;
import dev.storageapi.feed.Upstream;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the feed comes from, how its items are found, and what bounds a fetch.
 *
 * @param url as text; {@link #check} has nothing against it once the service has started
 * @param allowedHosts each {@code host:port}
 */
record FeedConfig(
    String url,
    List<String> allowedHosts,
    Mapping.Pointers pointers,
    Upstream.Limits limits,
    int maxItemsPerFetch,
    long maxItemBytes,
    Pace pace,
    int maxItems,
    int maxPage) {

  /** A body is one array, and is doubled while it is read. */
  private static final long MAX_BODY_BYTES = 512L << 20;

  private static final String SIMULATOR_HOST = "localhost:5050";
  private static final String SIMULATOR = "http://" + SIMULATOR_HOST + "/documents";

  private static final Duration LEAST = Duration.ofMillis(1);

  /** RFC 6901, 3: what may not stand in a pointer. */
  private static final Pattern BAD_ESCAPE = Pattern.compile("~(?![01])");

  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z.-]+):([1-9][0-9]{0,4})");

  static FeedConfig read(Settings settings) {
    String url =
        settings.text(
            "FEED_URL",
            SIMULATOR,
            "What is fetched, an http or https URL; by default the simulator's",
            any -> true); // checked with the allow list; what may hold a key is not repeated
    return new FeedConfig(
        url,
        settings.list(
            "FEED_ALLOWED_HOSTS",
            url.equals(SIMULATOR) ? SIMULATOR_HOST : "",
            "Each host:port that may have addresses which are not public, between commas; by default"
                + " the simulator's, and none with another FEED_URL",
            FeedConfig::hostAndPort),
        readPointers(settings),
        readLimits(settings),
        settings.number(
            "FEED_MAX_ITEMS_PER_FETCH",
            10_000,
            1,
            1_000_000,
            "A document with more items is given up"),
        settings.size(
            "FEED_MAX_ITEM_BYTES",
            "8KiB",
            1,
            "A larger item is skipped; of a client it is answered 400"),
        readPace(settings),
        settings.number(
            "FEED_MAX_ITEMS",
            200_000,
            1,
            10_000_000,
            "The fetched items kept; the oldest beyond it go"),
        settings.number("FEED_MAX_PAGE", 100, 1, 10_000, "The most items of a page"));
  }

  private static Mapping.Pointers readPointers(Settings settings) {
    return new Mapping.Pointers(
        settings.text(
            "FEED_ITEMS_POINTER",
            "/documents",
            "JSON pointer to the array of items; empty if the document is the array",
            FeedConfig::isPointer),
        pointer(settings, "FEED_ID_POINTER", "/id", "JSON pointer to the id, within an item"),
        pointer(
            settings, "FEED_TITLE_POINTER", "/title", "JSON pointer to the title, within an item"),
        settings.text(
            "FEED_TIME_POINTER",
            "/published_at",
            "JSON pointer to the time, within an item; empty for when it was first fetched",
            FeedConfig::isPointer));
  }

  private static Upstream.Limits readLimits(Settings settings) {
    return new Upstream.Limits(
        settings.duration("FEED_CONNECT_TIMEOUT", "2s", LEAST, "The longest time to connect"),
        settings.duration(
            "FEED_TIMEOUT", "10s", LEAST, "The longest time of a fetch, from the name to the body"),
        settings.size("FEED_MAX_BODY_BYTES", "5MiB", 1, "A larger body is given up"));
  }

  private static Pace readPace(Settings settings) {
    return new Pace(
        settings.number(
            "FEED_QUOTA", 60, 1, 1_000_000, "The fetches that the upstream allows in a window"),
        settings.duration(
            "FEED_QUOTA_WINDOW",
            "1h",
            Duration.ofSeconds(1),
            "The window; the interval between two fetches is the window by the quota"),
        settings.duration(
            "FEED_MAX_BACKOFF",
            "1h",
            Duration.ofSeconds(1),
            "The longest wait after failures, Retry-After included"));
  }

  private static String pointer(Settings settings, String name, String fallback, String meaning) {
    return settings.text(
        name, fallback, meaning, pointer -> !pointer.isEmpty() && isPointer(pointer));
  }

  private static boolean isPointer(String text) {
    return text.isEmpty() || (text.startsWith("/") && !BAD_ESCAPE.matcher(text).find());
  }

  private static String hostAndPort(String item) {
    Matcher parts = HOST_AND_PORT.matcher(item);
    if (!parts.matches() || Integer.parseInt(parts.group(2)) > 65535) {
      throw new IllegalArgumentException(item);
    }
    return item;
  }

  /** Adds what single settings do not show. */
  void check(Settings settings) {
    new AddressRules(allowedHosts)
        .problem(url)
        .ifPresent(reason -> settings.problem("FEED_URL is not valid: " + reason));
    if (limits.connect().compareTo(limits.total()) > 0) {
      settings.problem("FEED_CONNECT_TIMEOUT is more than FEED_TIMEOUT");
    }
    if (pace.interval().toMillis() < 100) {
      settings.problem("FEED_QUOTA_WINDOW by FEED_QUOTA is less than 100ms between two fetches");
    }
    if (limits.bodyBytes() > MAX_BODY_BYTES) {
      settings.problem("FEED_MAX_BODY_BYTES is more than 512MiB");
    }
    if (maxItemBytes > limits.bodyBytes()) {
      settings.problem("FEED_MAX_ITEM_BYTES is more than FEED_MAX_BODY_BYTES");
    }
  }
}
