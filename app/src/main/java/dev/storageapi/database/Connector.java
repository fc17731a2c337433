package dev.storageapi.database;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes every connection of the service, so that nobody opens H2's file but here. Safe for use by
 * many threads.
 *
 * <p>H2 begins with the newest state that the head and the end of its file lead to. Behind a kill
 * or a failed write, once it has begun to use space again, that may be an older one than the file
 * has, and what was committed since would be lost. So the file is looked through as a whole before
 * it is opened, by H2's own recovery.
 */
final class Connector implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Connector.class);

  private final DatabaseUrl url;

  /** Keeps H2's file open, which would be closed with the last connection. */
  private Connection witness;

  Connector(DatabaseUrl url) {
    this.url = url;
  }

  /**
   * A connection.
   *
   * @param statement how long its statements may take
   */
  Connection connect(Duration statement) throws SQLException {
    Optional<Path> file = url.file();
    if (file.isPresent()) {
      keepOpen(file.get(), statement);
    }
    return url.connect(statement);
  }

  private synchronized void keepOpen(Path file, Duration statement) throws SQLException {
    if (isClosed()) {
      close();
      findNewest(file.resolveSibling(file.getFileName() + ".mv.db"));
      witness = url.connect(statement);
    }
  }

  /** Whether nobody in this process has the file open: it must not be opened twice. */
  private boolean isClosed() {
    if (witness == null) {
      return true;
    }
    try (Statement statement = witness.createStatement()) {
      statement.execute("SELECT 1");
      return false;
    } catch (SQLException e) {
      return DatabaseFailure.of(e).isClosed();
    }
  }

  private static void findNewest(Path store) {
    if (Files.exists(store)) {
      try {
        new MVStore.Builder()
            .fileName(store.toString())
            .recoveryMode()
            .autoCommitDisabled()
            .open()
            .close();
      } catch (MVStoreException e) {
        log.debug("what is wrong with the file H2 says when it opens it", e);
      }
    }
  }

  @Override
  public synchronized void close() {
    if (witness != null) {
      try {
        witness.close();
      } catch (SQLException e) {
        log.debug("the connection was gone", e);
      }
      witness = null;
    }
  }
}
