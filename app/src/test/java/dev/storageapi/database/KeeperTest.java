package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.zaxxer.hikari.HikariDataSource;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.lang.Thread.UncaughtExceptionHandler;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A driver that throws what no driver should, or comes late. */
class KeeperTest {

  private static final int DATABASE_NOT_FOUND = 90146; // H2's, with IFEXISTS

  private static final Database.Limits LIMITS =
      new Database.Limits(
          2,
          2,
          Duration.ofMillis(500),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMillis(10),
          0);

  /** Connects to {@code jdbc:odd:}, which is H2 in memory, after a while, or fails. */
  private static final class OddDriver implements Driver {

    private final AtomicInteger tries = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile Throwable failure;

    @Override
    public Connection connect(String url, Properties properties) throws SQLException {
      if (!acceptsURL(url)) {
        return null;
      }
      tries.incrementAndGet();
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      if (failure instanceof SQLException exception) {
        throw exception;
      }
      try {
        released.await();
      } catch (InterruptedException e) {
        throw new SQLException(e);
      }
      return DriverManager.getConnection("jdbc:h2:mem:late", "sa", "");
    }

    @Override
    public boolean acceptsURL(String url) {
      return url.startsWith("jdbc:odd:");
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties) {
      return new DriverPropertyInfo[0];
    }

    @Override
    public int getMajorVersion() {
      return 1;
    }

    @Override
    public int getMinorVersion() {
      return 0;
    }

    @Override
    public boolean jdbcCompliant() {
      return false;
    }

    @Override
    public Logger getParentLogger() {
      return Logger.getGlobal();
    }
  }

  private final OddDriver driver = new OddDriver();
  private final UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
  private final AtomicReference<Throwable> died = new AtomicReference<>();

  @BeforeEach
  void register() throws SQLException {
    DriverManager.registerDriver(driver);
    Thread.setDefaultUncaughtExceptionHandler((thread, cause) -> died.set(cause));
  }

  @AfterEach
  void deregister() throws SQLException {
    Thread.setDefaultUncaughtExceptionHandler(before);
    DriverManager.deregisterDriver(driver);
  }

  private Database failingBy(Throwable failure) {
    driver.failure = failure;
    return started();
  }

  private static Database started() {
    DatabaseUrl url =
        new DatabaseUrl(Dialect.H2, "jdbc:odd:", Optional.empty(), Map.of(), null, null);
    Database database = new Database(url, LIMITS, new Metrics(), Spans.OFF);
    database.start();
    return database;
  }

  @Test
  void noMemoryReachesWhoEndsTheProcess() {
    OutOfMemoryError bare = new OutOfMemoryError("none left");
    try (Database database = failingBy(bare)) {
      awaitDeathBy(bare);
      assertThat(database.state().up()).isFalse();
    }
    OutOfMemoryError wrapped = new OutOfMemoryError("none left either");
    try (Database database = failingBy(new SQLException("out of memory", "90108", wrapped))) {
      awaitDeathBy(wrapped);
      assertThat(database.state().up()).isFalse();
    }
  }

  @Test
  void theEndDoesNotWaitForAConnectionThatComesLaterAndIsClosedThen() {
    Database database = started();
    await().until(() -> driver.tries.get() > 0);
    assertTimeout(Duration.ofSeconds(4), database::close);
    assertThatThrownBy(database::dataSource).isInstanceOf(DatabaseFailure.class);

    driver.released.countDown();
    await()
        .ignoreExceptionsInstanceOf(DatabaseFailure.class) // while there is no pool yet
        .until(() -> ((HikariDataSource) database.dataSource()).isClosed());
    await().until(KeeperTest::memoryIsEmpty);
  }

  /** H2 forgets a database in memory with its last connection. */
  private static boolean memoryIsEmpty() {
    try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:late;IFEXISTS=TRUE")) {
      return connection.isClosed();
    } catch (SQLException e) {
      return e.getErrorCode() == DATABASE_NOT_FOUND;
    }
  }

  private void awaitDeathBy(OutOfMemoryError cause) {
    // Else it is Awaitility that the threads tell.
    await().dontCatchUncaughtExceptions().untilAsserted(() -> assertThat(died).hasValue(cause));
  }

  @Test
  void anyOtherErrorIsAReasonAndNotTheLastCheck() {
    try (Database database = failingBy(new StackOverflowError("too deep\n\n  by far"))) {
      await().until(() -> driver.tries.get() > 2);
      assertThat(database.state().up()).isFalse();
      assertThat(database.state().reason()).endsWith("too deep by far");

      driver.failure = new IllegalStateException("another");
      await().until(() -> database.state().reason().endsWith("another"));
      assertThat(died).hasValue(null);
    }
  }
}
