package dev.storageapi.feed;

import static java.time.ZoneOffset.UTC;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.database.Query;
import dev.storageapi.database.Session;
import dev.storageapi.http.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The items of the feed in the database, and how far its fetches have come. What a client wrote or
 * deleted stays so, whatever is fetched. Every method throws {@link DatabaseFailure} where the
 * database does not do what it should.
 */
public final class FeedStore {

  private static final String ITEM =
      "SELECT id, title, published_at, data, fetched_at FROM feed_items ";

  /** Rows of an item, of a fetch or of a client. */
  private static final String ROW =
      "SELECT CAST(? AS VARCHAR) AS id, CAST(? AS VARCHAR) AS title,"
          + " CAST(? AS TIMESTAMP(6) WITH TIME ZONE) AS published_at, CAST(? AS VARCHAR) AS data,"
          + " CAST(? AS TIMESTAMP(6) WITH TIME ZONE) AS fetched_at";

  private final Database database;
  private final Query first;
  private final Query after;
  private final Query get;
  private final Query insert;
  private final Query update;
  private final Query delete;
  private final Query bury;
  private final Query unbury;
  private final Query buried;
  private final Query merge;
  private final Query sweep;
  private final Query last;
  private final Query trim;
  private final Query count;
  private final Query progress;
  private final Query begin;
  private final Query advance;

  public FeedStore(Database database) {
    this.database = database;
    first = database.query("feed_list", ITEM + "ORDER BY published_at DESC, id LIMIT ?");
    after =
        database.query(
            "feed_list_after",
            ITEM
                + "WHERE published_at <= (SELECT published_at FROM feed_items WHERE id = ?)"
                + " AND (published_at < (SELECT published_at FROM feed_items WHERE id = ?) OR id > ?)"
                + " ORDER BY published_at DESC, id LIMIT ?");
    get = database.query("feed_get", ITEM + "WHERE id = ?");
    insert =
        database.query(
            "feed_insert",
            "INSERT INTO feed_items (id, title, published_at, data, fetched_at, written)"
                + " VALUES (?, ?, ?, ?, ?, TRUE)");
    update =
        database.query(
            "feed_update",
            "UPDATE feed_items SET title = ?, published_at = ?, data = ?, fetched_at = ?,"
                + " written = TRUE WHERE id = ?");
    delete = database.query("feed_delete", "DELETE FROM feed_items WHERE id = ?");
    bury =
        database.query(
            "feed_bury",
            "INSERT INTO feed_deleted (id) SELECT CAST(? AS VARCHAR) WHERE NOT EXISTS"
                + " (SELECT 1 FROM feed_deleted WHERE id = ?)");
    unbury = database.query("feed_unbury", "DELETE FROM feed_deleted WHERE id = ?");
    buried = database.query("feed_buried", "SELECT id FROM feed_deleted");
    merge =
        database.query(
            "feed_merge",
            "MERGE INTO feed_items t USING ("
                + ROW
                + ") s ON t.id = s.id"
                + " WHEN MATCHED AND NOT t.written AND (t.title <> s.title OR t.data <> s.data"
                + " OR (t.published_at <> s.published_at AND s.published_at <> s.fetched_at))"
                + " THEN UPDATE SET title = s.title, data = s.data, fetched_at = s.fetched_at,"
                + " published_at = CASE WHEN s.published_at = s.fetched_at THEN t.published_at"
                + " ELSE s.published_at END"
                + " WHEN NOT MATCHED THEN INSERT"
                + " (id, title, published_at, data, fetched_at, written)"
                + " VALUES (s.id, s.title, s.published_at, s.data, s.fetched_at, FALSE)");
    sweep =
        database.query(
            "feed_sweep",
            "DELETE FROM feed_items WHERE NOT written AND id IN (SELECT id FROM feed_deleted)");
    last =
        database.query(
            "feed_last",
            ITEM + "ORDER BY published_at DESC, id OFFSET ? ROWS FETCH NEXT 1 ROWS ONLY");
    trim =
        database.query(
            "feed_trim",
            "DELETE FROM feed_items WHERE NOT written"
                + " AND published_at <= ? AND (published_at < ? OR id > ?)");
    count = database.query("feed_count", "SELECT COUNT(*) FROM feed_items");
    progress =
        database.query(
            "feed_progress",
            "SELECT etag, last_modified, last_attempt, last_success, next_fetch, failures,"
                + " quota_remaining FROM feed_sources WHERE source = ?");
    begin =
        database.query(
            "feed_begin",
            "INSERT INTO feed_sources (source, failures) SELECT CAST(? AS VARCHAR), 0"
                + " WHERE NOT EXISTS (SELECT 1 FROM feed_sources WHERE source = ?)");
    advance =
        database.query(
            "feed_advance",
            "UPDATE feed_sources SET etag = ?, last_modified = ?, last_attempt = ?,"
                + " last_success = ?, next_fetch = ?, failures = ?, quota_remaining = ?"
                + " WHERE source = ?");
  }

  /** The newest items, at most {@code limit}. */
  List<Entry> newest(int limit) {
    return database.read(session -> session.list(first, FeedStore::entry, limit));
  }

  /** At most {@code limit} items behind that one; nothing if there is no such item. */
  Optional<List<Entry>> behind(String id, int limit) {
    return database.read(
        session -> {
          List<Entry> page = session.list(after, FeedStore::entry, id, id, id, limit);
          boolean known = !page.isEmpty() || session.first(get, FeedStore::entry, id).isPresent();
          return known ? Optional.of(page) : Optional.empty();
        });
  }

  /** The item with that id. */
  Optional<Entry> get(String id) {
    return database.read(session -> session.first(get, FeedStore::entry, id));
  }

  /** How many items there are. */
  long count() {
    return database.read(session -> session.first(count, row -> row.getLong(1)).orElseThrow());
  }

  /** Adds a client's item: false if there is one with its id. */
  boolean add(Item item, Instant now) {
    try {
      return database.transaction(
          session -> {
            session.update(
                insert, item.id(), item.title(), time(item.publishedAt()), item.data(), time(now));
            session.update(unbury, item.id());
            return true;
          });
    } catch (DatabaseFailure e) {
      if (e.kind() == DatabaseFailure.Kind.DUPLICATE) {
        return false;
      }
      throw e;
    }
  }

  /** Replaces an item by a client's: false if there is none with its id. */
  boolean replace(Item item, Instant now) {
    return database.write(
            session ->
                session.update(
                    update,
                    item.title(),
                    time(item.publishedAt()),
                    item.data(),
                    time(now),
                    item.id()))
        > 0;
  }

  /** Removes an item, so that no fetch brings it back: false if there is none. */
  boolean remove(String id) {
    return database.transaction(
        session -> {
          boolean removed = session.update(delete, id) > 0;
          if (removed) {
            session.update(bury, id, id);
          }
          return removed;
        });
  }

  /** How far the fetches of {@code source} have come. */
  Progress progress(String source) {
    return database
        .read(session -> session.first(progress, FeedStore::progress, source))
        .orElse(Progress.NONE);
  }

  /** Says how far they have come. */
  void advance(String source, Progress now) {
    database.transaction(
        session -> {
          session.update(begin, source, source);
          advance(session, source, now);
          return null;
        });
  }

  /**
   * Stores what was fetched, with how far that has come: all of it or nothing. An item whose {@code
   * publishedAt} is the time of the fetch has none of its own, and keeps that of the fetch that
   * first brought it.
   *
   * @param fetchedAt in microseconds
   * @param most the items that are kept; the oldest of the fetched ones beyond them go
   * @return how many were new or other than before
   */
  int refresh(String source, List<Item> items, Instant fetchedAt, Progress now, long most) {
    return database.longTransaction(
        session -> {
          Set<String> deleted = new HashSet<>(session.list(buried, row -> row.getString(1)));
          Set<String> sent = new HashSet<>();
          items.forEach(item -> sent.add(item.id()));
          session.batch(
              unbury,
              deleted.stream()
                  .filter(id -> !sent.contains(id))
                  .map(id -> new Object[] {id})
                  .toList());
          int changed =
              session.batch(
                  merge,
                  items.stream()
                      .filter(item -> !deleted.contains(item.id()))
                      .map(item -> values(item, fetchedAt))
                      .toList());
          if (changed > 0) {
            session.update(sweep); // what was deleted since the list was read
            trim(session, most);
          }
          advance(session, source, now);
          return changed;
        });
  }

  private void trim(Session session, long most) {
    session
        .first(last, FeedStore::entry, most - 1)
        .ifPresent(
            kept -> {
              OffsetDateTime time = OffsetDateTime.parse(kept.publishedAt());
              session.update(trim, time, time, kept.id());
            });
  }

  private static Object[] values(Item item, Instant fetchedAt) {
    return new Object[] {
      item.id(), item.title(), time(item.publishedAt()), item.data(), time(fetchedAt)
    };
  }

  private void advance(Session session, String source, Progress now) {
    session.update(
        advance,
        now.validators().etag(),
        now.validators().lastModified(),
        time(now.lastAttempt()),
        time(now.lastSuccess()),
        time(now.nextFetch()),
        now.failures(),
        now.quotaRemaining(),
        source);
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(
        row.getString(1),
        row.getString(2),
        instant(row, 3).toString(),
        new Json.Raw(row.getString(4)),
        instant(row, 5).toString());
  }

  private static Progress progress(ResultSet row) throws SQLException {
    return new Progress(
        new Validators(row.getString(1), row.getString(2)),
        instant(row, 3),
        instant(row, 4),
        instant(row, 5),
        row.getInt(6),
        row.getObject(7, Long.class));
  }

  private static OffsetDateTime time(Instant instant) {
    return instant == null ? null : instant.atOffset(UTC);
  }

  private static Instant instant(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }
}
