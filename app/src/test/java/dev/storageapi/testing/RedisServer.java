package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A private Valkey or Redis server on a port of 127.0.0.1 with a folder of its own, that can be
 * stopped, killed, frozen and started again. It keeps nothing on disk unless it is told to.
 *
 * <pre>{@code
 * try (RedisServer redis = RedisServer.start("--appendonly", "yes");
 *     ServiceProcess service =
 *         ServiceProcess.with(Map.of("STORAGE_URL", redis.url())).start()) {
 *   redis.kill();
 *   …
 *   redis.restart();
 * }
 * }</pre>
 *
 * <p>A test without the programs skips, with a message. Not for several threads at once.
 */
public final class RedisServer implements AutoCloseable {

  private final RedisPrograms programs = RedisPrograms.find();
  private final int port;
  private final Path home;
  private final List<String> arguments;
  private final Optional<Certificate> certificate;
  private Daemon daemon;
  private Socket crowd;

  private RedisServer(
      int port, Path home, List<String> arguments, Optional<Certificate> certificate) {
    this.port = port;
    this.home = home;
    this.arguments = arguments;
    this.certificate = certificate;
  }

  /** Skips the test, with a message, where neither Valkey nor Redis is installed. */
  public static void assumeInstalled() {
    Optional<String> missing = RedisPrograms.missing();
    assumeTrue(missing.isEmpty(), () -> "skipped: " + missing.orElseThrow());
  }

  /** Starts one, or skips the test; the arguments are the server's, such as {@code --maxmemory}. */
  public static RedisServer start(String... more) {
    int port = FreePort.find();
    return start(
        port, TemporaryFolder.make("redis"), List.of("--port", Integer.toString(port)), more);
  }

  /**
   * Starts one that speaks TLS alone, with a certificate of its own.
   *
   * @param subject whose it is: {@code ip:127.0.0.1}, unless it is to be a wrong one
   */
  public static RedisServer startTls(String subject, String... more) {
    assumeInstalled();
    int port = FreePort.find();
    Path home = TemporaryFolder.make("redis");
    Certificate certificate = Certificate.make(home, subject);
    return start(
        new RedisServer(
            port,
            home,
            server(
                home,
                List.of(
                    "--port",
                    "0",
                    "--tls-port",
                    Integer.toString(port),
                    "--tls-cert-file",
                    certificate.chain().toString(),
                    "--tls-key-file",
                    certificate.key().toString(),
                    "--tls-ca-cert-file",
                    certificate.chain().toString(),
                    "--tls-auth-clients",
                    "no"),
                more),
            Optional.of(certificate)));
  }

  /** Starts a sentinel, which writes its state into the file of its settings. */
  static RedisServer startSentinel(String settings) {
    assumeInstalled();
    int port = FreePort.find();
    Path home = TemporaryFolder.make("redis");
    try {
      Path file = Files.writeString(home.resolve("sentinel.conf"), settings);
      return start(
          port, home, List.of(file.toString(), "--port", Integer.toString(port)), "--sentinel");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RedisServer start(int port, Path home, List<String> first, String... more) {
    assumeInstalled();
    return start(new RedisServer(port, home, server(home, first, more), Optional.empty()));
  }

  private static RedisServer start(RedisServer server) {
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "redis"));
    try {
      server.launch();
      return server;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  private static List<String> server(Path home, List<String> first, String... more) {
    List<String> words = new ArrayList<>(first);
    words.addAll(List.of("--bind", "127.0.0.1", "--dir", home.toString()));
    if (!List.of(more).contains("--sentinel")) {
      words.addAll(List.of("--save", ""));
    }
    words.addAll(List.of(more));
    return words;
  }

  private void launch() {
    List<String> words = new ArrayList<>(List.of(programs.server().toString()));
    words.addAll(arguments);
    daemon = Daemon.start(words, home, home.resolve("log"), this::isReady);
  }

  /** Who wants a password first is ready, too. */
  private boolean isReady() {
    String answer = run("PING").output();
    return answer.endsWith("PONG") || answer.contains("NOAUTH");
  }

  public int port() {
    return port;
  }

  /** As {@code STORAGE_URL} names it, without a user or a password. */
  public String url() {
    return (certificate.isPresent() ? "rediss" : "redis") + "://127.0.0.1:" + port;
  }

  /** The file of the certificate of one with TLS, in PEM. */
  public Path certificate() {
    return certificate.orElseThrow().chain();
  }

  /** What the command-line client prints for a command; fails if the client does. */
  public String cli(String... words) {
    Command command = run(words);
    command.orFail();
    return command.output();
  }

  private Command run(String... words) {
    List<String> all = new ArrayList<>(List.of(programs.client().toString()));
    all.addAll(List.of("-h", "127.0.0.1", "-p", Integer.toString(port)));
    certificate.ifPresent(one -> all.addAll(List.of("--tls", "--cacert", one.chain().toString())));
    all.addAll(List.of(words));
    return Command.run(all);
  }

  /** Ends it in order. */
  public void stop() {
    daemon.stop("TERM");
  }

  /** Ends it at once (SIGKILL). */
  public void kill() {
    daemon.kill();
  }

  /** Starts it again on the same port, in the same folder; stops it before, if it runs. */
  public void restart() {
    if (daemon.isAlive()) {
      stop();
    }
    launch();
  }

  /** Stops it where it is (SIGSTOP); connections stay open, new ones get no answer. */
  public void freeze() {
    daemon.freeze();
  }

  /** Lets a frozen one go on. */
  public void thaw() {
    daemon.thaw();
  }

  /** Ends all connections, and has a place for one alone, which is taken. */
  public void crowd() {
    try {
      crowd = new Socket(InetAddress.getLoopbackAddress(), port);
      tell(crowd, "CONFIG SET maxclients 1\r\nCLIENT KILL TYPE normal SKIPME yes\r\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has places again. */
  public void uncrowd() {
    try (Socket last = crowd) {
      tell(last, "CONFIG SET maxclients 1000\r\nPING\r\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void tell(Socket connection, String twoCommands) throws IOException {
    connection.getOutputStream().write(twoCommands.getBytes(US_ASCII));
    BufferedReader answers =
        new BufferedReader(new InputStreamReader(connection.getInputStream(), US_ASCII));
    for (int i = 0; i < 2; i++) {
      String answer = answers.readLine();
      if (answer == null || answer.startsWith("-")) {
        throw new IOException(answer);
      }
    }
  }

  /** What it has logged. */
  public String log() {
    return daemon.log();
  }

  /** Ends it, whatever its state, and deletes all it wrote; at the latest when this JVM ends. */
  @Override
  public void close() {
    if (daemon != null && daemon.isAlive()) {
      kill(); // nothing is kept
    }
    TemporaryFolder.delete(home);
  }
}
