package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a service logs, counts and holds from one moment on.
 *
 * <pre>{@code
 * Watch watch = Watch.withBaseline(service);
 * service.send("GET", "/api/buckets/none");
 * watch.assertSeen(1, "/api/buckets/{id}", "GET", 404); // one line, one count
 * watch.assertBackAtBaseline();
 * }</pre>
 */
public final class Watch {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What a JVM opens when it first needs it: pollers of virtual threads, libraries. */
  private static final int SPARE_FILES = 8;

  private static final int SPARE_THREADS = 4;
  private static final double SPARE_HEAP = 6 << 20;

  private final ServiceProcess service;
  private final int firstLine;
  private final Scrape before;
  private final int files;
  private final int threads;
  private final double heap;

  private Watch(ServiceProcess service, boolean heap) {
    this.service = service;
    this.heap = heap ? heap() : Double.NaN;
    barrier();
    this.firstLine = service.accessLines().size();
    this.before = service.scrape();
    this.files = service.openFiles();
    this.threads = service.threads();
  }

  /** Begins to watch lines and counts. */
  public static Watch of(ServiceProcess service) {
    return new Watch(service, false);
  }

  /** Begins to watch the heap as well, which takes a collection. */
  public static Watch withBaseline(ServiceProcess service) {
    return new Watch(service, true);
  }

  /** Waits until all that has happened is in the output; false if it does not come in time. */
  private void barrier() {
    HttpResponse<String> answer = service.send("GET", "/info");
    service.awaitRequests(1, answer.headers().firstValue("X-Request-ID").orElseThrow());
  }

  /** Exactly {@code count} access-log lines and counts for a path, method and status. */
  public void assertSeen(int count, String path, String method, int status) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> assertThat(lines(path, method, status)).hasSizeGreaterThanOrEqualTo(count));
    barrier();
    assertThat(lines(path, method, status)).hasSize(count);
    assertThat(counted(path, method, status)).isEqualTo(count);
  }

  private double counted(String path, String method, int status) {
    String[] labels = {"path", path, "method", method, "status", Integer.toString(status)};
    return grown("http_requests_total", labels);
  }

  /** By how much a counter, summed over what the labels leave open, has grown. */
  public double grown(String name, String... labels) {
    return service.scrape().sum(name, labels) - before.sum(name, labels);
  }

  /** The access-log lines since the beginning. */
  public List<String> lines() {
    List<String> all = service.accessLines();
    return all.subList(firstLine, all.size());
  }

  private List<String> lines(String path, String method, int status) {
    return lines().stream()
        .filter(line -> line.contains(" path=" + path + " "))
        .filter(
            line ->
                line.contains(" method=" + method + " ")
                    || (method.equals("_OTHER") && !line.matches(".* method=[A-Z]+ .*")))
        .filter(line -> line.contains(" status_code=" + status + " "))
        .toList();
  }

  /** Every line of the output that is no access-log line and has one of these levels. */
  public Stream<String> lines(String level) {
    return service.lines().stream().filter(line -> line.contains(" lvl=[" + level + "] "));
  }

  /** File descriptors, heap and requests in flight return to what they were. */
  public void assertBackAtBaseline() {
    assertBackAtBaseline(0);
  }

  /**
   * The same, but for {@code connections} that a pool may have more than it had: each is a file.
   */
  public void assertBackAtBaseline(int connections) {
    assertThat(heap).isPositive(); // of() has none
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              assertThat(service.openFiles())
                  .isLessThanOrEqualTo(files + SPARE_FILES + connections);
              assertThat(service.scrape().value("http_requests_in_flight")).isEqualTo(1); // itself
              assertThat(heap()).isLessThan(heap + SPARE_HEAP);
            });
  }

  /** The heap returns to what it was, while connections may still be open. */
  public void assertHeapBackAtBaseline() {
    assertThat(heap).isPositive(); // of() has none
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertThat(heap()).isLessThan(heap + SPARE_HEAP));
  }

  /** And threads as well, which a pool keeps for half a minute. */
  public void assertThreadsBackAtBaseline() {
    assertThreadsBackAtBaseline(SPARE_THREADS);
  }

  /** And threads as well, but for {@code spare} that stay once they were needed. */
  public void assertThreadsBackAtBaseline(int spare) {
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(service.threads()).isLessThanOrEqualTo(threads + spare));
  }

  /** The heap in use after a collection, in bytes. */
  private double heap() {
    collect();
    return service.scrape().value("jvm_memory_used_bytes", "area", "heap");
  }

  private void collect() {
    try {
      String jcmd = System.getProperty("java.home") + "/bin/jcmd";
      Process process =
          new ProcessBuilder(jcmd, Long.toString(service.pid()), "GC.run")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(process.waitFor()).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
