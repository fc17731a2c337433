package dev.storageapi;

import dev.storageapi.telemetry.Logs.Format;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.event.Level;

/**
 * Every setting of the service, read from the environment. The names, defaults and meanings are in
 * {@code docs/configuration.md}, which a test compares with what is declared here.
 *
 * @param environment where this runs, for people: shown by {@code /info} and {@code app_info}
 * @param requires the features without which the service is not ready
 */
record Config(
    String host,
    int port,
    int managementPort,
    String environment,
    List<String> requires,
    List<String> corsAllowedOrigins,
    int liveMaxViewers,
    ServerConfig server,
    StorageConfig storage,
    DatabaseConfig database,
    DatasetsConfig datasets,
    FeedConfig feed,
    InferenceConfig inference,
    LogConfig log,
    TracesConfig traces,
    ShutdownConfig shutdown,
    SimulatorConfig simulator,
    TrafficConfig traffic) {

  /** How {@code managementPort} says that the operations' routes stay on the one port. */
  static final int NO_PORT = -1;

  /** The features that {@code READY_REQUIRES} may name. */
  static final Set<String> FEATURES = Set.of("storage", "datasets", "feed", "inference");

  private static final List<String> PREFIXES =
      List.of(
          "SERVER_",
          "STORAGE_",
          "DATABASE_",
          "DATASETS_",
          "FEED_",
          "MODEL_",
          "INFERENCE_",
          "LOG_",
          "TRACES_",
          "CORS_",
          "READY_",
          "MANAGEMENT_",
          "LIVE_",
          "SHUTDOWN_",
          "SIMULATOR_",
          "TRAFFIC_");

  /** What is logged, and how. */
  record LogConfig(
      Format format, Level level, Map<String, Level> levels, boolean probes, long queueBytes) {}

  /** How the service ends. */
  record ShutdownConfig(Duration quiet, Duration grace) {}

  /** Reads the settings of the service alone, as {@link #from(Map, String)} does. */
  static Config from(Map<String, String> environment) {
    return from(environment, "serve");
  }

  /**
   * Reads the settings.
   *
   * @param command of {@link Main}: only some of them have a simulator, or traffic, whose settings
   *     must fit
   * @throws InvalidConfiguration if one is unknown or not valid; it names them all
   */
  static Config from(Map<String, String> environment, String command) {
    return read(new Settings(environment), command);
  }

  static Config read(Settings settings, String command) {
    Config config =
        new Config(
            settings.text("HOST", "0.0.0.0", "The address to listen on", host -> !host.isEmpty()),
            settings.number("PORT", 5000, 0, 65535, "The port to listen on; 0 takes a free one"),
            settings.number(
                "MANAGEMENT_PORT",
                NO_PORT,
                NO_PORT,
                65535,
                "A second port for /health, /ready, /info and /metrics, which the first then no longer"
                    + " answers; -1 for none"),
            settings.text(
                "ENVIRONMENT",
                "local",
                "Where this runs, a name for people",
                name -> name.matches("[A-Za-z0-9._-]{1,40}")),
            settings.list(
                "READY_REQUIRES",
                "storage",
                "The features without which /ready answers 503, between commas",
                Config::feature),
            settings.list(
                "CORS_ALLOWED_ORIGINS",
                "",
                "Origins whose pages may call the API, between commas; * for every one",
                Config::origin),
            settings.number("LIVE_MAX_VIEWERS", 20, 0, 1000, "The most live pages open at once"),
            ServerConfig.read(settings),
            StorageConfig.read(settings),
            DatabaseConfig.read(settings),
            DatasetsConfig.read(settings),
            FeedConfig.read(settings),
            InferenceConfig.read(settings),
            log(settings),
            TracesConfig.read(settings),
            new ShutdownConfig(
                settings.duration(
                    "SHUTDOWN_QUIET",
                    "1s",
                    Duration.ZERO,
                    "How long no request must have come, after /ready has turned to 503, before the"
                        + " listener closes"),
                settings.duration(
                    "SHUTDOWN_GRACE",
                    "20s",
                    Duration.ZERO,
                    "The longest time from the signal to the close")),
            SimulatorConfig.read(settings),
            TrafficConfig.read(settings));
    config.check(settings);
    if (config.simulates(command)) {
      config.simulator.check(settings, config.server);
    }
    if (command.equals("traffic")) {
      config.traffic.check(settings);
    }
    settings.check(PREFIXES);
    return config;
  }

  /** Whether the command has a simulator: of its own, or beside a service that has a feed. */
  boolean simulates(String command) {
    return command.equals("simulator") || (command.equals("demo") && database.url().isPresent());
  }

  private static LogConfig log(Settings settings) {
    return new LogConfig(
        settings.choice("LOG_FORMAT", Format.LOGFMT, "How a line is written"),
        settings.choice("LOG_LEVEL", Level.INFO, "The least level that is written"),
        levels(
            settings.list(
                "LOG_LEVELS",
                "",
                "Levels of single loggers, such as dev.storageapi.storage=DEBUG, between commas",
                Config::level)),
        settings.flag(
            "LOG_PROBES", true, "Whether requests of /health, /ready and /metrics are logged"),
        settings.size(
            "LOG_QUEUE_BYTES",
            "4MiB",
            16 * 1024,
            "Lines that wait for standard output; over it they are dropped and counted"));
  }

  private void check(Settings settings) {
    server.check(settings);
    if (port != 0 && port == managementPort) {
      settings.problem("MANAGEMENT_PORT and PORT are the same");
    }
    if (shutdown.quiet.compareTo(shutdown.grace) > 0) {
      settings.problem("SHUTDOWN_QUIET is more than SHUTDOWN_GRACE");
    }
    if (database.url().isEmpty() && !Set.of("storage", "inference").containsAll(requires)) {
      settings.problem("READY_REQUIRES names a feature that DATABASE_URL=none switches off");
    }
    checkPlaces(settings);
    if (!inference.on() && requires.contains("inference")) {
      settings.problem("READY_REQUIRES names inference, which MODEL_PATH=none switches off");
    }
    if (inference.on()) {
      inference.check(settings, server);
    }
    if (database.url().isPresent()) {
      feed.check(settings);
      database.check(settings);
      checkWaits(settings);
    }
    storage.check(settings, server);
  }

  /** What waits for the database or a model, or reticulates, leaves places for storage. */
  private void checkPlaces(Settings settings) {
    int tables =
        database.url().isPresent()
            ? database.limits().concurrent() + datasets.reticulation().atOnce()
            : 0;
    int waiting = tables + (inference.on() ? inference.limits().concurrent() : 0);
    if (waiting >= server.maxConcurrentRequests()) {
      settings.problem(
          "DATABASE_MAX_CONCURRENT, DATASETS_RETICULATE_MAX and INFERENCE_MAX_CONCURRENT together are"
              + " not less than SERVER_MAX_CONCURRENT_REQUESTS: storage would wait for them");
    }
  }

  /** What waits for the database or reticulates ends in time. */
  private void checkWaits(Settings settings) {
    if (database.longest().compareTo(server.responseTimeout()) >= 0) {
      settings.problem(
          "two times DATABASE_POOL_TIMEOUT and DATABASE_QUERY_TIMEOUT together are not less than"
              + " SERVER_RESPONSE_TIMEOUT");
    }
    if (datasets.longest().compareTo(server.responseTimeout()) >= 0) {
      settings.problem(
          "DATASETS_RETICULATE_CPU and DATASETS_RETICULATE_PAUSE together are not less than"
              + " SERVER_RESPONSE_TIMEOUT");
    }
  }

  private static String feature(String name) {
    if (!FEATURES.contains(name)) {
      throw new IllegalArgumentException(name);
    }
    return name;
  }

  private static String origin(String origin) {
    if (!origin.matches("\\*|https?://[A-Za-z0-9.:\\[\\]-]+")) {
      throw new IllegalArgumentException(origin);
    }
    return origin;
  }

  private static Map.Entry<String, Level> level(String item) {
    String[] parts = item.split("=", 2);
    return Map.entry(parts[0].strip(), Level.valueOf(parts[1].strip().toUpperCase(Locale.ROOT)));
  }

  private static Map<String, Level> levels(List<Map.Entry<String, Level>> entries) {
    Map<String, Level> levels = new HashMap<>();
    entries.forEach(entry -> levels.put(entry.getKey(), entry.getValue()));
    return levels;
  }
}
