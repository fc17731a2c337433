package dev.storageapi.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/**
 * The statements of the datasets by JDBC alone: a connection of the pool, the statement, its
 * values, and nothing else.
 */
final class Statements {

  /** What a row becomes, as in the service. */
  record Row(long id, String name) {}

  private final DataSource pool;

  Statements(DataSource pool) {
    this.pool = pool;
  }

  /** As {@code GET /datasets/{id}} does. */
  Row get(long id) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement =
            connection.prepareStatement("SELECT id, name FROM datasets WHERE id = ?")) {
      statement.setLong(1, id);
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return new Row(rows.getLong(1), rows.getString(2));
      }
    }
  }

  /** As {@code GET /datasets?limit=…} does. */
  List<Row> list(int limit) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT id, name FROM datasets WHERE id > ? ORDER BY id LIMIT ?")) {
      statement.setLong(1, 0);
      statement.setInt(2, limit);
      List<Row> list = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          list.add(new Row(rows.getLong(1), rows.getString(2)));
        }
      }
      return list;
    }
  }

  /** As {@code POST /datasets} does; each is committed by itself. */
  Row insert(String name) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement =
            connection.prepareStatement(
                "INSERT INTO datasets (name) VALUES (?)",
                PreparedStatement.RETURN_GENERATED_KEYS)) {
      statement.setString(1, name);
      statement.executeUpdate();
      try (ResultSet keys = statement.getGeneratedKeys()) {
        keys.next();
        return new Row(keys.getLong(1), name);
      }
    }
  }
}
