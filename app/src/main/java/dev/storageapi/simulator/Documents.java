package dev.storageapi.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The documents, all made up from the clock: document {@code n} is published {@code n} periods
 * after 1970, and all that it says follows from {@code n}. So a restarted simulator, or a second
 * one, tells the same. Nothing is stored.
 */
public final class Documents {

  private static final List<String> STATIONS =
      List.of("harbour", "airport", "old town", "university", "lighthouse");

  private final Duration period;
  private final int count;
  private final Clock clock;

  /** What a station measured: degrees Celsius, and relative humidity in per cent. */
  record Values(double temperature, long humidity) {}

  /** One document; times are of RFC 3339. */
  record Document(String id, String title, String publishedAt, String updatedAt, Values values) {}

  /**
   * The newest documents at one moment.
   *
   * @param version differs if anything in it differs
   * @param published when the newest was published
   * @param documents newest first
   */
  record Page(String version, Instant published, List<Document> documents) {}

  /**
   * Documents that appear one each {@code period}.
   *
   * @param period at least a second, so that no two are published in one
   * @param count how many a page has
   */
  public Documents(Duration period, int count, Clock clock) {
    this.period = period;
    this.count = count;
    this.clock = clock;
  }

  /** The page of now. */
  Page newest() {
    long newest = clock.millis() / period.toMillis();
    List<Document> documents =
        LongStream.range(0, count).mapToObj(age -> document(newest - age)).toList();
    return new Page(newest + "-" + count + "-" + period, published(newest), documents);
  }

  private Document document(long n) {
    String published = published(n).toString();
    return new Document(
        "doc-" + n,
        "Report from the " + STATIONS.get(Math.floorMod(n, STATIONS.size())),
        published,
        published,
        new Values(Math.floorMod(n * 37, 300) / 10.0, 30 + Math.floorMod(n * 13, 60)));
  }

  private Instant published(long n) {
    return Instant.ofEpochMilli(n * period.toMillis());
  }
}
