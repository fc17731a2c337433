package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A client of what needs nothing that is away, one request after another on one connection, to tell
 * whether it noticed what was done to others.
 *
 * <pre>{@code
 * try (Bystander bystander = Bystander.of(service)) {
 *   postgres.freeze();
 *   …
 *   bystander.assertUndisturbed();
 * }
 * }</pre>
 */
public final class Bystander implements AutoCloseable {

  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(5);

  /** Allows for collections of garbage, and for a machine with other work. */
  private static final Duration LONGEST = Duration.ofSeconds(1);

  private static final Duration USUAL = Duration.ofMillis(300);
  private static final int LEAST = 50;

  private static final String OBJECT = "of a bystander";
  private static final List<String> REQUESTS =
      List.of(
          "PUT /api/buckets/bystander HTTP/1.1\r\nHost: x\r\nContent-Length: "
              + OBJECT.length()
              + "\r\n\r\n"
              + OBJECT,
          "GET /api/buckets/bystander HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /ready/storage HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");

  private final ServiceProcess service;
  private final List<String> requests;
  private final Thread thread = new Thread(this::run, "bystander");
  private final List<Duration> times = new CopyOnWriteArrayList<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private volatile boolean done;

  private Bystander(ServiceProcess service, List<String> requests) {
    this.service = service;
    this.requests = requests;
  }

  /** Begins to ask for what needs no database. */
  public static Bystander of(ServiceProcess service) {
    return start(new Bystander(service, REQUESTS));
  }

  /** Begins to ask for what these paths are of. */
  public static Bystander of(ServiceProcess service, String... paths) {
    return start(
        new Bystander(
            service,
            Stream.of(paths).map("GET %s HTTP/1.1\r\nHost: x\r\n\r\n"::formatted).toList()));
  }

  private static Bystander start(Bystander bystander) {
    bystander.thread.start();
    return bystander;
  }

  private void run() {
    try (RawClient client = RawClient.connect(service.port())) {
      for (int i = 0; !done && complaints.isEmpty(); i++) {
        ask(client, requests.get(i % requests.size()));
        LockSupport.parkNanos(PAUSE);
      }
    } catch (RuntimeException | AssertionError e) {
      complaints.add(e.toString());
    }
  }

  private void ask(RawClient client, String request) {
    long start = System.nanoTime();
    client.write(request);
    RawClient.Answer answer = client.answer();
    times.add(Duration.ofNanos(System.nanoTime() - start));
    if (answer.status() != 200) {
      complaints.add(request.lines().findFirst().orElseThrow() + " " + answer);
    }
  }

  /** Ends it, when it has asked often enough; every answer was a 200, however late. */
  public void assertServed() {
    await().until(() -> times.size() > LEAST || !complaints.isEmpty());
    close();
    assertThat(complaints).isEmpty();
    assertThat(times).hasSizeGreaterThan(LEAST);
  }

  /** Ends it; every answer was a 200 and came in time, nearly all of them at once. */
  public void assertUndisturbed() {
    assertServed();
    List<Duration> sorted = times.stream().sorted().toList();
    assertThat(sorted.get(sorted.size() - 1)).isLessThan(LONGEST);
    assertThat(sorted.get(sorted.size() * 95 / 100)).isLessThan(USUAL);
  }

  /** Ends it. */
  @Override
  public void close() {
    done = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
