package dev.storageapi.feed;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.database.Query;
import dev.storageapi.http.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The items of the feed, as clients read and write them. What a client wrote or deleted stays so,
 * whatever is fetched. Every method throws {@link DatabaseFailure} where the database does not do
 * what it should.
 */
public final class ItemStore {

  private static final String ITEM =
      "SELECT id, title, published_at, data, fetched_at FROM feed_items ";

  private final Database database;
  private final Query first;
  private final Query after;
  private final Query get;
  private final Query insert;
  private final Query update;
  private final Query lock;
  private final Query delete;
  private final Query bury;
  private final Query unbury;

  public ItemStore(Database database) {
    this.database = database;
    first = database.query("feed_list", ITEM + "ORDER BY published_at DESC, id LIMIT ?");
    after =
        database.query(
            "feed_list_after",
            // Of the same time, then older: together they would be a walk through all of that time.
            "SELECT id, title, published_at, data, fetched_at FROM (("
                + ITEM
                + "WHERE published_at = (SELECT published_at FROM feed_items WHERE id = ?) AND id > ?"
                + " ORDER BY published_at DESC, id LIMIT ?) UNION ALL ("
                + ITEM
                + "WHERE published_at < (SELECT published_at FROM feed_items WHERE id = ?)"
                + " ORDER BY published_at DESC, id LIMIT ?)) page"
                + " ORDER BY published_at DESC, id LIMIT ?");
    get = database.query("feed_get", ITEM + "WHERE id = ?");
    insert =
        database.query(
            "feed_insert",
            "INSERT INTO feed_items (id, title, published_at, data, fetched_at, written, fetched)"
                + " VALUES (?, ?, ?, ?, ?, TRUE,"
                + " EXISTS (SELECT 1 FROM feed_deleted WHERE id = ?))");
    update =
        database.query(
            "feed_update",
            "UPDATE feed_items SET title = ?, published_at = ?, data = ?, fetched_at = ?,"
                + " written = TRUE WHERE id = ?");
    lock = database.query("feed_lock", "SELECT fetched FROM feed_items WHERE id = ? FOR UPDATE");
    delete = database.query("feed_delete", "DELETE FROM feed_items WHERE id = ?");
    bury =
        database.query(
            "feed_bury",
            "INSERT INTO feed_deleted (id) SELECT CAST(? AS VARCHAR) WHERE NOT EXISTS"
                + " (SELECT 1 FROM feed_deleted WHERE id = ?)");
    unbury = database.query("feed_unbury", "DELETE FROM feed_deleted WHERE id = ?");
  }

  /** The newest items, at most {@code limit}. */
  List<Entry> newest(int limit) {
    return database.read(session -> session.list(first, ItemStore::entry, limit));
  }

  /** At most {@code limit} items behind that one; nothing if there is no such item. */
  Optional<List<Entry>> behind(String id, int limit) {
    return database.read(
        session -> {
          List<Entry> page = session.list(after, ItemStore::entry, id, id, limit, id, limit, limit);
          boolean known = !page.isEmpty() || session.first(get, ItemStore::entry, id).isPresent();
          return known ? Optional.of(page) : Optional.empty();
        });
  }

  /** The item with that id. */
  Optional<Entry> get(String id) {
    return database.read(session -> session.first(get, ItemStore::entry, id));
  }

  /** Adds a client's item: false if there is one with its id. */
  boolean add(Item item, Instant now) {
    try {
      return database.transaction(
          session -> {
            session.update(
                insert,
                item.id(),
                item.title(),
                Times.value(item.publishedAt()),
                item.data(),
                Times.value(now),
                item.id());
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
                    Times.value(item.publishedAt()),
                    item.data(),
                    Times.value(now),
                    item.id()))
        > 0;
  }

  /**
   * Removes an item, so that no fetch brings it back: false if there is none. Only what the
   * upstream has had is remembered: what clients add and remove leaves nothing behind.
   */
  boolean remove(String id) {
    return database.transaction(
        session -> {
          Optional<Boolean> fetched = session.first(lock, row -> row.getBoolean(1), id);
          if (fetched.isEmpty()) {
            return false;
          }
          session.update(delete, id);
          if (fetched.get()) {
            session.update(bury, id, id);
          }
          return true;
        });
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(
        row.getString(1),
        row.getString(2),
        Times.instant(row, 3).toString(),
        new Json.Raw(row.getString(4)),
        Times.instant(row, 5).toString());
  }
}
