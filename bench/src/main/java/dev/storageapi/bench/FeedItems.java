package dev.storageapi.bench;

import dev.storageapi.BareDatabase;
import dev.storageapi.database.Database;
import dev.storageapi.database.Query;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Fills the table of the feed's items: {@code item-000000} is the newest, and each behind it is a
 * minute older, or as old with {@code same}. {@code DATABASE_URL} names the database, which no
 * service may have open if it is H2.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' dev.storageapi.bench.FeedItems 100000 apart
 * }</pre>
 */
public final class FeedItems {

  private static final Instant NEWEST = Instant.parse("2026-01-01T00:00:00Z");
  private static final int AT_ONCE = 10_000;

  private FeedItems() {}

  /** How many, and whether their times are {@code apart} or the {@code same}. */
  public static void main(String[] arguments) throws InterruptedException {
    int count = Integer.parseInt(arguments[0]);
    int seconds = arguments[1].equals("same") ? 0 : 60;
    try (Database database = BareDatabase.open()) {
      Query insert =
          database.query(
              "fill",
              "INSERT INTO feed_items (id, title, published_at, data, fetched_at, written, fetched)"
                  + " VALUES (?, ?, ?, ?, ?, FALSE, TRUE)");
      for (int first = 0; first < count; first += AT_ONCE) {
        List<Object[]> items =
            IntStream.range(first, Math.min(count, first + AT_ONCE))
                .mapToObj(n -> item(n, NEWEST.minusSeconds((long) n * seconds)))
                .toList();
        database.longTransaction(session -> session.batch(insert, items));
      }
    }
  }

  private static Object[] item(int n, Instant published) {
    return new Object[] {
      String.format("item-%06d", n),
      "Document number " + n,
      published.atOffset(ZoneOffset.UTC),
      "{\"n\":" + n + ",\"text\":\"" + "as long as others ".repeat(8) + "\"}",
      NEWEST.atOffset(ZoneOffset.UTC)
    };
  }
}
