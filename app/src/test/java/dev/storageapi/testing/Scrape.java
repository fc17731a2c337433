package dev.storageapi.testing;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One scrape in Prometheus' text format, as samples by name and labels.
 *
 * <pre>{@code
 * scrape.value("http_requests_total", "path", "/health", "method", "GET", "status", "200");
 * scrape.sum("http_requests_total", "path", "/health"); // over all methods and statuses
 * }</pre>
 */
public final class Scrape {

  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (\\S+)(?: \\d+)?");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\",?");

  private final Map<Series, Double> samples;

  /** One line of a scrape without its value; labels are sorted by name. */
  public record Series(String name, Map<String, String> labels) {}

  private Scrape(Map<Series, Double> samples) {
    this.samples = samples;
  }

  /** Reads the text format; fails on a line that is not of it. */
  public static Scrape of(String text) {
    Map<Series, Double> samples = new LinkedHashMap<>();
    text.lines()
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .forEach(
            line -> {
              Matcher sample = SAMPLE.matcher(line);
              if (!sample.matches()) {
                throw new IllegalArgumentException(line);
              }
              Series series = new Series(sample.group(1), labels(sample.group(2)));
              if (samples.put(series, number(sample.group(3))) != null) {
                throw new IllegalArgumentException("twice: " + line);
              }
            });
    return new Scrape(samples);
  }

  private static Map<String, String> labels(String text) {
    Map<String, String> labels = new TreeMap<>();
    Matcher label = LABEL.matcher(text == null ? "" : text);
    while (label.find()) {
      labels.put(
          label.group(1),
          label.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\"));
    }
    return labels;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** Every series, in the order of the scrape. */
  public Set<Series> series() {
    return samples.keySet();
  }

  /** Whether there is a sample with exactly these labels: name, value, name, value, … */
  public boolean has(String name, String... labels) {
    return samples.containsKey(new Series(name, map(labels)));
  }

  /** The sample with exactly these labels; fails if there is none. */
  public double value(String name, String... labels) {
    Double value = samples.get(new Series(name, map(labels)));
    if (value == null) {
      throw new AssertionError("no sample " + name + map(labels));
    }
    return value;
  }

  /** The sum of all samples of that name that bear at least these labels; 0 if there is none. */
  public double sum(String name, String... labels) {
    Map<String, String> wanted = map(labels);
    return samples.entrySet().stream()
        .filter(e -> e.getKey().name().equals(name))
        .filter(e -> e.getKey().labels().entrySet().containsAll(wanted.entrySet()))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  private static Map<String, String> map(String... labels) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      map.put(labels[i], labels[i + 1]);
    }
    return new TreeMap<>(map);
  }
}
