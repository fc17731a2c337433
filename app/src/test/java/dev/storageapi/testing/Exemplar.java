package dev.storageapi.testing;

import java.net.http.HttpRequest;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number that went into a histogram, and the span during which it was observed.
 *
 * @param metric the histogram's name
 */
public record Exemplar(String metric, String spanId, String traceId, double value) {

  /** {@code name_bucket{labels} count # {span_id="…",trace_id="…"} value time}, of OpenMetrics. */
  private static final Pattern LINE =
      Pattern.compile(
          "([a-z_]+)_bucket\\{.*\\} \\S+ #"
              + " \\{span_id=\"(\\w{16})\",trace_id=\"(\\w{32})\"\\} (\\S+) \\S+");

  /** All that {@code /metrics} tells now; fails on one without both ids. */
  public static List<Exemplar> of(ServiceProcess service) {
    HttpRequest request =
        HttpRequest.newBuilder(service.uri("/metrics"))
            .header("Accept", "application/openmetrics-text; version=1.0.0")
            .build();
    return service
        .send(request)
        .body()
        .lines()
        .filter(line -> !line.startsWith("#") && line.contains(" # {"))
        .map(Exemplar::read)
        .toList();
  }

  private static Exemplar read(String line) {
    Matcher parts = LINE.matcher(line);
    if (!parts.matches()) {
      throw new IllegalArgumentException(line);
    }
    return new Exemplar(
        parts.group(1), parts.group(2), parts.group(3), Double.parseDouble(parts.group(4)));
  }

  /** Whether the number is the time that something took, in seconds. */
  public boolean isDuration() {
    return metric.endsWith("_seconds");
  }
}
