package dev.storageapi.feed;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.database.Query;
import dev.storageapi.database.Session;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What fetches bring into the database, and how far they have come. Every method throws {@link
 * DatabaseFailure} where the database does not do what it should.
 */
public final class FetchStore {

  /** A fetched item, as a row. */
  private static final String ROW =
      "SELECT CAST(? AS VARCHAR) AS id, CAST(? AS VARCHAR) AS title,"
          + " CAST(? AS TIMESTAMP(6) WITH TIME ZONE) AS published_at, CAST(? AS VARCHAR) AS data,"
          + " CAST(? AS TIMESTAMP(6) WITH TIME ZONE) AS fetched_at";

  private final Database database;
  private final Query progress;
  private final Query begin;
  private final Query advance;
  private final Query buried;
  private final Query forget;
  private final Query merge;
  private final Query sweep;
  private final Query last;
  private final Query trim;
  private final Query count;

  public FetchStore(Database database) {
    this.database = database;
    progress =
        database.query(
            "feed_progress",
            "SELECT etag, last_modified, mapping, last_attempt, last_success, next_fetch, failures,"
                + " quota_remaining FROM feed_sources WHERE source = ?");
    begin =
        database.query(
            "feed_begin",
            "INSERT INTO feed_sources (source, failures) SELECT CAST(? AS VARCHAR), 0"
                + " WHERE NOT EXISTS (SELECT 1 FROM feed_sources WHERE source = ?)");
    advance =
        database.query(
            "feed_advance",
            "UPDATE feed_sources SET etag = ?, last_modified = ?, mapping = ?, last_attempt = ?,"
                + " last_success = ?, next_fetch = ?, failures = ?, quota_remaining = ?"
                + " WHERE source = ?");
    buried = database.query("feed_buried", "SELECT id FROM feed_deleted");
    forget = database.query("feed_forget", "DELETE FROM feed_deleted WHERE id = ?");
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
                + " WHEN MATCHED AND NOT t.fetched THEN UPDATE SET fetched = TRUE"
                + " WHEN NOT MATCHED THEN INSERT"
                + " (id, title, published_at, data, fetched_at, written, fetched)"
                + " VALUES (s.id, s.title, s.published_at, s.data, s.fetched_at, FALSE, TRUE)");
    sweep =
        database.query(
            "feed_sweep",
            "DELETE FROM feed_items WHERE NOT written AND id IN (SELECT id FROM feed_deleted)");
    last =
        database.query(
            "feed_last",
            "SELECT id, published_at FROM feed_items WHERE NOT written"
                + " ORDER BY published_at DESC, id OFFSET ? ROWS FETCH NEXT 1 ROWS ONLY");
    trim =
        database.query(
            "feed_trim",
            "DELETE FROM feed_items WHERE NOT written"
                + " AND published_at <= ? AND (published_at < ? OR id > ?)");
    count = database.query("feed_count", "SELECT COUNT(*) FROM feed_items");
  }

  /** How many items there are. To count millions takes a while, and may. */
  long count() {
    return database.longTransaction(
        session -> session.first(count, row -> row.getLong(1)).orElseThrow());
  }

  /** How far the fetches of {@code source} have come. */
  Progress progress(String source) {
    return database
        .read(session -> session.first(progress, FetchStore::progress, source))
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
   * @param most the fetched items that are kept; the oldest beyond them go
   * @return how many were new or other than before, or are of clients and were not fetched before
   */
  int refresh(String source, List<Item> items, Instant fetchedAt, Progress now, long most) {
    return database.longTransaction(
        session -> {
          Set<String> deleted = new HashSet<>(session.list(buried, row -> row.getString(1)));
          forget(session, deleted, items);
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

  /** What the upstream does not have need not be kept from coming back. */
  private void forget(Session session, Set<String> deleted, List<Item> sent) {
    Set<String> gone = new HashSet<>(deleted);
    sent.forEach(item -> gone.remove(item.id()));
    session.batch(forget, gone.stream().map(id -> new Object[] {id}).toList());
  }

  private void trim(Session session, long most) {
    record Last(String id, OffsetDateTime publishedAt) {}
    session
        .first(
            last, row -> new Last(row.getString(1), Times.value(Times.instant(row, 2))), most - 1)
        .ifPresent(kept -> session.update(trim, kept.publishedAt(), kept.publishedAt(), kept.id()));
  }

  private static Object[] values(Item item, Instant fetchedAt) {
    return new Object[] {
      item.id(), item.title(), Times.value(item.publishedAt()), item.data(), Times.value(fetchedAt)
    };
  }

  private void advance(Session session, String source, Progress now) {
    session.update(
        advance,
        now.validators().etag(),
        now.validators().lastModified(),
        now.mapping(),
        Times.value(now.lastAttempt()),
        Times.value(now.lastSuccess()),
        Times.value(now.nextFetch()),
        now.failures(),
        now.quotaRemaining(),
        source);
  }

  private static Progress progress(ResultSet row) throws SQLException {
    return new Progress(
        new Validators(row.getString(1), row.getString(2)),
        row.getString(3),
        Times.instant(row, 4),
        Times.instant(row, 5),
        Times.instant(row, 6),
        row.getInt(7),
        row.getObject(8, Long.class));
  }
}
