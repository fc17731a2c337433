package dev.storageapi.testing;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/** The databases that the service runs on. */
public enum Engine {
  /** Embedded, in a file. */
  H2 {
    @Override
    public String emptyDatabase(Path folder) {
      return "jdbc:h2:file:" + folder.resolve("storage");
    }

    @Override
    public Connection connect(String database) throws SQLException {
      return DriverManager.getConnection(database, "sa", "");
    }
  },

  /** A server: {@link PostgresCluster#shared}. */
  POSTGRESQL {
    @Override
    public String emptyDatabase(Path folder) {
      return PostgresCluster.shared().freshDatabase();
    }

    @Override
    public Connection connect(String database) throws SQLException {
      return PostgresCluster.connect(database);
    }
  };

  /**
   * The URL of a database without tables, or skips the test where there can be none.
   *
   * @param folder an empty one, for a database in a file
   */
  public abstract String emptyDatabase(Path folder);

  /**
   * A connection of the test's own to such a database. H2 takes it beside those of an application
   * in this process.
   */
  public abstract Connection connect(String database) throws SQLException;
}
