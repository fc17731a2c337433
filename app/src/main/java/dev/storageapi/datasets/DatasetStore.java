package dev.storageapi.datasets;

import dev.storageapi.database.Database;
import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.database.Query;
import dev.storageapi.database.Session;
import dev.storageapi.database.Streak;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The datasets in the database. Every method throws {@link DatabaseFailure} where that does not do
 * what it should.
 */
public final class DatasetStore {

  private final Database database;
  private final Streak failures;
  private final Query insert;
  private final Query get;
  private final Query list;
  private final Query rename;
  private final Query delete;

  public DatasetStore(Database database) {
    this.database = database;
    failures = new Streak(database);
    insert = database.query("dataset_insert", "INSERT INTO datasets (name) VALUES (?)");
    get = database.query("dataset_get", "SELECT id, name FROM datasets WHERE id = ?");
    list =
        database.query(
            "dataset_list", "SELECT id, name FROM datasets WHERE id > ? ORDER BY id LIMIT ?");
    rename = database.query("dataset_rename", "UPDATE datasets SET name = ? WHERE id = ?");
    delete = database.query("dataset_delete", "DELETE FROM datasets WHERE id = ?");
  }

  /** Adds a dataset under the next id. */
  Dataset add(String name) {
    return new Dataset(write(session -> session.insert(insert, name)), name);
  }

  /** The dataset with that id. */
  Optional<Dataset> get(long id) {
    return read(session -> session.first(get, DatasetStore::row, id));
  }

  /** At most {@code limit} datasets behind the id {@code after}, in the order of their ids. */
  List<Dataset> list(long after, int limit) {
    return read(session -> session.list(list, DatasetStore::row, after, limit));
  }

  /** Gives the dataset another name, if there is one with that id. */
  Optional<Dataset> rename(long id, String name) {
    int renamed = write(session -> session.update(rename, name, id));
    return renamed == 0 ? Optional.empty() : Optional.of(new Dataset(id, name));
  }

  /** Whether there was one to remove. */
  boolean delete(long id) {
    return write(session -> session.update(delete, id)) > 0;
  }

  /** Whether for some seconds nothing could be done, though there is a database. */
  public boolean isStuck() {
    return failures.isLong();
  }

  private <T> T read(Function<Session, T> work) {
    return failures.watch(() -> database.read(work));
  }

  private <T> T write(Function<Session, T> work) {
    return failures.watch(() -> database.write(work));
  }

  private static Dataset row(ResultSet row) throws SQLException {
    return new Dataset(row.getLong(1), row.getString(2));
  }
}
