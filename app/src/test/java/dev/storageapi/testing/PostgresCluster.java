package dev.storageapi.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A private PostgreSQL server on a port of 127.0.0.1 with a data directory of its own, that can be
 * stopped, killed, frozen and started again. It has PostgreSQL's own defaults of durability.
 *
 * <pre>{@code
 * try (PostgresCluster postgres = PostgresCluster.start();
 *     ServiceProcess service =
 *         ServiceProcess.with(Map.of("DATABASE_URL", postgres.url())).start()) {
 *   postgres.kill();
 *   …
 *   postgres.restart();
 * }
 * }</pre>
 *
 * <p>Starting one takes about a second: tests that only need a database take {@link #freshDatabase}
 * of the {@link #shared} one. The user {@code storage}, password {@code secret}, owns the databases
 * and is no superuser. A test without PostgreSQL's programs skips, with a message. {@link
 * #freshDatabase} and {@link #connect} may be called from any thread; the others from one at a
 * time.
 */
public final class PostgresCluster implements AutoCloseable {

  private static final String SUPERUSER = "postgres";
  private static final String USER = "storage";
  private static final String PASSWORD = "secret";

  private final PostgresPrograms programs = PostgresPrograms.find();
  private final int port = FreePort.find();
  private final AtomicInteger databases = new AtomicInteger();
  private final PostgresFiles files;
  private Daemon daemon;

  private PostgresCluster(Optional<Path> disk) {
    files = PostgresFiles.create(programs, disk);
  }

  /** The one that lives as long as this JVM. */
  private static final class Shared {
    private static final PostgresCluster CLUSTER = start();
  }

  /** Skips the test, with a message, where PostgreSQL cannot run. */
  public static void assumeInstalled() {
    Optional<String> missing = PostgresPrograms.missing();
    assumeTrue(missing.isEmpty(), () -> "skipped: " + missing.orElseThrow());
  }

  /** Starts one in a temporary directory, or skips the test. */
  public static PostgresCluster start() {
    return start(Optional.empty());
  }

  /**
   * Starts one, or skips the test.
   *
   * @param directory what its data are in, such as {@link SmallDisk#path}: 44 MB to begin with. Its
   *     log is elsewhere.
   */
  public static PostgresCluster start(Path directory) {
    return start(Optional.of(directory));
  }

  private static PostgresCluster start(Optional<Path> disk) {
    assumeInstalled();
    PostgresCluster cluster = new PostgresCluster(disk);
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close, "postgres"));
    try {
      cluster.initialise();
      return cluster;
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * The one that all tests in this JVM share, started when first asked for, or skips the test. Take
   * a {@link #freshDatabase} of it; do not stop, kill, freeze or close it. It ends with the JVM.
   */
  public static PostgresCluster shared() {
    assumeInstalled();
    return Shared.CLUSTER;
  }

  private void initialise() {
    Command.run(
            programs.command(
                "initdb",
                "--pgdata=" + files.data(),
                "--username=" + SUPERUSER,
                "--pwfile=" + files.write("password", PASSWORD),
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync"))
        .orFail();
    launch();
    administer("CREATE ROLE " + USER + " LOGIN PASSWORD '" + PASSWORD + "'");
    administer("CREATE DATABASE " + USER + " OWNER " + USER);
  }

  private void launch() {
    List<String> settings =
        List.of(
            "port=" + port,
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=100",
            "shared_buffers=16MB",
            "dynamic_shared_memory_type=mmap"); // in the data directory: it goes with it
    List<String> words =
        new ArrayList<>(programs.command("postgres", "-D", files.data().toString()));
    settings.forEach(setting -> words.addAll(List.of("-c", setting)));
    daemon = Daemon.start(words, files.home(), files.log(), this::isReady);
  }

  private boolean isReady() {
    try (Connection connection = connect(SUPERUSER, SUPERUSER)) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  /** Runs a statement as the superuser. */
  public void administer(String sql) {
    try (Connection connection = connect(SUPERUSER, SUPERUSER);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private Connection connect(String user, String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, user, PASSWORD);
  }

  public int port() {
    return port;
  }

  /** The first database, as {@code DATABASE_URL} names it. */
  public String url() {
    return url(USER);
  }

  private String url(String database) {
    return "postgresql://" + USER + ":" + PASSWORD + "@127.0.0.1:" + port + "/" + database;
  }

  /** The first database, as JDBC names it, with user and password. */
  public String jdbcUrl() {
    return jdbcUrl(url());
  }

  /** What JDBC calls the database of such a URL as {@link #url} and {@link #freshDatabase} give. */
  public static String jdbcUrl(String url) {
    return url.replaceFirst("//(.*):(.*)@(.*)$", "//$3?user=$1&password=$2")
        .replaceFirst("^", "jdbc:");
  }

  /** Makes a new empty database, and gives its URL. */
  public String freshDatabase() {
    String name = USER + "_" + databases.incrementAndGet();
    administer("CREATE DATABASE " + name + " OWNER " + USER);
    return url(name);
  }

  /** A connection to the first database, without time limits. */
  public Connection connect() throws SQLException {
    return connect(url());
  }

  /** A connection to the database of such a URL as {@link #freshDatabase} gives. */
  public static Connection connect(String url) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(url));
  }

  /** Ends it in order, with a checkpoint; open connections are closed. */
  public void stop() {
    daemon.stop("INT");
  }

  /** Ends all its processes at once (SIGKILL), the postmaster first; {@link #restart} recovers. */
  public void kill() {
    daemon.kill();
  }

  /** Starts it again on the same port with its data; stops it before, if it runs. */
  public void restart() {
    if (daemon.isAlive()) {
      stop();
    }
    launch();
  }

  /** Stops all its processes where they are; connections stay open, new ones get no answer. */
  public void freeze() {
    daemon.freeze();
  }

  /** Lets a frozen one go on. */
  public void thaw() {
    daemon.thaw();
  }

  /** What it has logged. */
  public String log() {
    return daemon.log();
  }

  /** Where its files are. */
  PostgresFiles files() {
    return files;
  }

  /** Its processes. */
  ProcessTree tree() {
    return daemon.tree();
  }

  /** Ends it, whatever its state, and deletes all it wrote; at the latest when this JVM ends. */
  @Override
  public void close() {
    boolean running = daemon != null && daemon.isAlive();
    if (running && !daemon.ends("QUIT")) { // without a checkpoint: nothing is kept
      kill();
    }
    files.sharedMemory().ifPresent(segment -> Command.run("ipcrm", "-m", segment));
    files.delete();
  }
}
