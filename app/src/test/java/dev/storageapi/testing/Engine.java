package dev.storageapi.testing;

import java.nio.file.Path;

/** The databases that the service runs on. */
public enum Engine {
  /** Embedded, in a file. */
  H2 {
    @Override
    public String emptyDatabase(Path folder) {
      return "jdbc:h2:file:" + folder.resolve("storage");
    }
  },

  /** A server: {@link PostgresCluster#shared}. */
  POSTGRESQL {
    @Override
    public String emptyDatabase(Path folder) {
      return PostgresCluster.shared().freshDatabase();
    }
  };

  /**
   * The URL of a database without tables, or skips the test where there can be none.
   *
   * @param folder an empty one, for a database in a file
   */
  public abstract String emptyDatabase(Path folder);
}
