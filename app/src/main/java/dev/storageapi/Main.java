package dev.storageapi;

import dev.storageapi.http.Server;
import dev.storageapi.inference.NativeLibrary;
import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Tracing;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/** The command line: reads the settings, starts the service, and ends it when told to. */
public final class Main {

  private static final String HELP =
      """
      storage-api: a Storage API that is observable end to end

      usage: java -jar storage-api.jar [COMMAND] [--env-file=FILE]

      commands
        serve        the service (the default)
        demo         the service with traffic and a simulator of its own, to see a living page
        simulator    an external API to fetch from, which fails as wanted, and a page of alerts:
                     docs/simulator.md
        traffic      the demo's traffic to a service elsewhere, TRAFFIC_URL

      options
        --env-file=FILE   settings, one NAME=value a line; the environment wins
        --help            this text
        --version         the version

      Settings come from the environment: docs/configuration.md lists them all.
      """;

  private static final int USAGE = 2;
  private static final int FAILED = 1;
  private static final int OUT_OF_MEMORY = 3;

  private Main() {}

  /** Runs a command; does not come back while the service runs. */
  public static void main(String[] arguments) {
    // To load Logback takes as long as to read the settings: both at once.
    CompletableFuture<ILoggerFactory> logback =
        CompletableFuture.supplyAsync(LoggerFactory::getILoggerFactory);
    CompletableFuture<Void> unused = CompletableFuture.runAsync(Server::prepare);
    String command = "serve";
    Map<String, String> environment = new HashMap<>();
    for (String argument : arguments) {
      if (argument.equals("--help")) {
        exit(0, HELP);
      } else if (argument.equals("--version")) {
        exit(0, "storage-api " + version());
      } else if (argument.startsWith("--env-file=")) {
        environment.putAll(envFile(Path.of(argument.substring("--env-file=".length()))));
      } else if (List.of("serve", "demo", "simulator", "traffic").contains(argument)) {
        command = argument;
      } else {
        exit(USAGE, "unknown argument: " + argument + "\n\n" + HELP);
      }
    }
    environment.putAll(System.getenv());
    try {
      Config config = Config.from(environment, command);
      logback.join();
      run(config, command);
    } catch (InvalidConfiguration e) {
      exit(USAGE, e.getMessage());
    } catch (IOException e) {
      exit(FAILED, "cannot start: " + e.getMessage());
    }
  }

  private static void run(Config config, String command) throws IOException {
    Thread.setDefaultUncaughtExceptionHandler(Main::died);
    serverProperties(config.server());
    clientProperties();
    inferenceProperties(config.inference());
    if (config.storage().url().isPresent()) {
      lookupProperties();
    }
    Metrics metrics = new Metrics(config.traces().on());
    Logs logs =
        Logs.start(
            config.log().format(),
            config.log().level(),
            config.log().levels(),
            config.log().queueBytes(),
            new FileOutputStream(FileDescriptor.out),
            new LogMetrics(metrics));
    String service = command.equals("simulator") ? "storage-api-simulator" : "storage-api";
    Tracing tracing =
        command.equals("traffic") ? Tracing.off(metrics) : tracing(config, service, metrics);
    switch (command) {
      case "simulator" -> simulate(config, metrics, tracing, logs);
      case "traffic" -> traffic(config.traffic(), tracing, logs);
      default -> serve(config, command.equals("demo"), metrics, tracing, logs);
    }
  }

  /**
   * Begins to trace, if that is wanted. Who starts a server waits for it, and hears if it fails.
   */
  static Tracing tracing(Config config, String service, Metrics metrics) {
    TracesConfig traces = config.traces();
    return traces.on()
        ? Tracing.start(
            traces.environment(), service, version(), config.environment(), traces.flush(), metrics)
        : Tracing.off(metrics);
  }

  private static void serve(
      Config config, boolean demo, Metrics metrics, Tracing tracing, Logs logs) throws IOException {
    App app = new App(config, version(), metrics, tracing, Clock.systemUTC());
    boolean database = config.database().url().isPresent();
    // Before the first fetch: after a failed one the next would have to wait for two intervals.
    Optional<SimulatorApp> simulator =
        demo && database ? upstream(config, tracing) : Optional.empty();
    app.start();
    String url = url(config, app.port());
    Optional<Demo> traffic =
        demo ? Optional.of(new Demo(url, Demo.RATE, new Inside(app))) : Optional.empty();
    traffic.ifPresent(Demo::start);
    up(
        "storage-api",
        url,
        tracing,
        logs,
        () -> {
          traffic.ifPresent(Demo::close);
          app.close();
          simulator.ifPresent(SimulatorApp::close);
        });
  }

  /** The service in this process, for the demo's traffic. */
  private record Inside(App app) implements Demo.Target {

    @Override
    public boolean isThere() {
      return true;
    }

    @Override
    public boolean hasDatabase() {
      return app.hasDatabase();
    }

    @Override
    public boolean hasModel() {
      return app.hasModel();
    }

    @Override
    public void failed(Throwable cause) {
      LoggerFactory.getLogger(Demo.class).warn("a request of the demo failed", cause);
    }
  }

  /** Something to fetch from, unless it is there already. */
  private static Optional<SimulatorApp> upstream(Config config, Tracing tracing) {
    try {
      SimulatorApp simulator =
          new SimulatorApp(
              config, version(), new Metrics(config.traces().on()), tracing, Clock.systemUTC());
      simulator.start();
      return Optional.of(simulator);
    } catch (IOException e) {
      LoggerFactory.getLogger(Main.class).warn("the demo has no simulator of its own", e);
      return Optional.empty();
    }
  }

  private static void simulate(Config config, Metrics metrics, Tracing tracing, Logs logs)
      throws IOException {
    SimulatorApp simulator =
        new SimulatorApp(config, version(), metrics, tracing, Clock.systemUTC());
    simulator.start();
    up("the simulator", url(config, simulator.port()), tracing, logs, simulator::close);
  }

  private static void traffic(TrafficConfig config, Tracing tracing, Logs logs) {
    Traffic traffic = new Traffic(config.origin(), config.rate());
    traffic.start();
    atTheEnd("the traffic", tracing, logs, traffic::close);
  }

  private static String url(Config config, int port) {
    boolean everywhere = List.of("0.0.0.0", "::").contains(config.host());
    return "http://" + (everywhere ? "localhost" : config.host()) + ":" + port;
  }

  /** Says where to look, and has a signal call {@code end}. */
  private static void up(String name, String url, Tracing tracing, Logs logs, Runnable end) {
    atTheEnd(name, tracing, logs, end);
    LoggerFactory.getLogger(Main.class)
        .atInfo()
        .addKeyValue("url", url)
        .addKeyValue("version", version())
        .log(name + " is up: open " + url + " in a browser, or curl it");
  }

  private static void atTheEnd(String name, Tracing tracing, Logs logs, Runnable end) {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> stop(name, end, tracing, logs), "shutdown"));
  }

  /** A thread ended by what nobody caught. Without memory nothing can be promised any more. */
  private static void died(Thread thread, Throwable cause) {
    try {
      System.err.println("storage-api: thread " + thread.getName() + " died: " + cause);
      LoggerFactory.getLogger(Main.class).error("a thread died", cause);
    } finally {
      if (cause instanceof OutOfMemoryError) {
        Runtime.getRuntime().halt(OUT_OF_MEMORY);
      }
    }
  }

  /** Ends with 0 after a signal: it was asked for. */
  private static void stop(String name, Runnable end, Tracing tracing, Logs logs) {
    try (logs) {
      end(end, tracing);
      LoggerFactory.getLogger(Main.class).info(name + " has ended");
    } finally {
      Runtime.getRuntime().halt(0);
    }
  }

  /** The spans of the last requests are sent, whatever the end itself comes to. */
  @SuppressWarnings("try") // it is there to be closed
  private static void end(Runnable end, Tracing tracing) {
    try (tracing) {
      end.run();
    }
  }

  /** The JDK's server reads these once, when its classes load. {@code docs/server.md} says why. */
  static void serverProperties(ServerConfig server) {
    set("sun.net.httpserver.nodelay", true);
    set("sun.net.httpserver.maxReqTime", seconds(server.requestTimeout()));
    set("sun.net.httpserver.maxRspTime", seconds(server.responseTimeout()));
    set("sun.net.httpserver.idleInterval", seconds(server.idleTimeout()));
    set("sun.net.httpserver.clockTick", 1000);
    set("sun.net.httpserver.maxIdleConnections", server.maxIdleConnections());
    set("jdk.httpserver.maxConnections", server.maxConnections());
    set("sun.net.httpserver.maxReqHeaders", 200);
    set("sun.net.httpserver.maxReqHeaderSize", ServerConfig.JDK_HEADER_BYTES);
  }

  /**
   * The JDK's client reads these once, when its classes load. {@code docs/security.md} says why.
   */
  static void clientProperties() {
    set("jdk.httpclient.allowRestrictedHeaders", "host");
    set("jdk.httpclient.keepalive.timeout", 30);
  }

  /**
   * ONNX Runtime reads the folder once, when its classes load; AWT, which decodes images, whether
   * there is a screen.
   */
  static void inferenceProperties(InferenceConfig inference) {
    set(NativeLibrary.PROPERTY, inference.model().nativeDirectory().toAbsolutePath());
    set("java.awt.headless", true);
  }

  /**
   * The JDK reads these once, when it first looks up a name. A store that comes back at another
   * address, or whose name was gone meanwhile, is to be found within seconds.
   */
  private static void lookupProperties() {
    Security.setProperty("networkaddress.cache.ttl", "2");
    Security.setProperty("networkaddress.cache.negative.ttl", "1");
  }

  private static void set(String property, Object value) {
    System.setProperty(property, value.toString());
  }

  private static long seconds(Duration time) {
    return Math.max(1, time.toSeconds());
  }

  /** The settings of a file: NAME=value, empty lines, and comments behind a #. */
  private static Map<String, String> envFile(Path file) {
    Map<String, String> values = new HashMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        int equals = line.indexOf('=');
        if (equals > 0 && !line.startsWith("#")) {
          values.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
        } else if (!line.isBlank() && !line.startsWith("#")) {
          exit(USAGE, file + " has a line that is not NAME=value: " + line);
        }
      }
    } catch (IOException e) {
      exit(USAGE, "cannot read " + file + ": " + e);
    }
    return values;
  }

  private static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "dev" : version;
  }

  private static void exit(int code, String message) {
    (code == 0 ? System.out : System.err).println(message);
    System.exit(code);
  }
}
