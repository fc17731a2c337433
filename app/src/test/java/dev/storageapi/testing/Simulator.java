package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The jar's simulator as a process of its own, and what it saw of those who fetch from it. */
public final class Simulator implements AutoCloseable {

  private static final Pattern REQUESTS = Pattern.compile("\"requests\":([0-9]+)");
  private static final Pattern DOCUMENTS =
      Pattern.compile("tsp=(\\S+) .* url=\"?/documents\"? .* status_code=([0-9]+) .*");

  /** A request of {@code /documents}: when its answer was sent, and which. */
  public record Served(Instant at, int status) {}

  private final ServiceProcess process;

  private Simulator(ServiceProcess process) {
    this.process = process;
  }

  /**
   * Starts one that has no new document while a test runs, with settings as names and values in
   * turn.
   */
  public static Simulator start(String... settings) {
    Map<String, String> environment =
        map(
            Map.of(
                "SIMULATOR_PORT", "0",
                "SIMULATOR_QUOTA", "1000000",
                "SIMULATOR_PERIOD", "500h", // the longest
                "SHUTDOWN_QUIET", "0ms"),
            settings);
    return new Simulator(ServiceProcess.with(environment).arguments("simulator").start());
  }

  /** The settings of a service that fetches from it, with others as names and values in turn. */
  public Map<String, String> feed(String database, String... settings) {
    return feed(process.port(), database, settings);
  }

  /** The settings of a service that fetches from a port of 127.0.0.1. */
  public static Map<String, String> feed(int port, String database, String... settings) {
    return map(
        Map.of(
            "DATABASE_URL",
            database,
            "FEED_URL",
            "http://127.0.0.1:" + port + "/documents",
            "FEED_ALLOWED_HOSTS",
            "127.0.0.1:" + port,
            "SHUTDOWN_QUIET",
            "0ms"),
        settings);
  }

  private static Map<String, String> map(Map<String, String> base, String... more) {
    Map<String, String> all = new HashMap<>(base);
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return all;
  }

  /** Has it answer in another mode. */
  public void mode(String mode) {
    assertThat(process.send("PUT", "/mode/" + mode).statusCode()).isEqualTo(200);
  }

  /** How often {@code /documents} was asked for, as it counts. */
  public int requests() {
    Matcher requests = REQUESTS.matcher(process.send("GET", "/mode").body());
    assertThat(requests.find()).isTrue();
    return Integer.parseInt(requests.group(1));
  }

  /** All requests of {@code /documents} that its log has so far, in the order of their ends. */
  public List<Served> served() {
    return process.accessLines().stream()
        .map(DOCUMENTS::matcher)
        .filter(Matcher::matches)
        .map(line -> new Served(Instant.parse(line.group(1)), Integer.parseInt(line.group(2))))
        .toList();
  }

  /** The one access-log line with that text, once it is there. */
  public String awaitLine(String text) {
    List<String> lines = process.awaitRequests(1, text);
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  @Override
  public void close() {
    process.close();
  }
}
