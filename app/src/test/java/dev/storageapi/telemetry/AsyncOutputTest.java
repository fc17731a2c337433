package dev.storageapi.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

@Timeout(30)
final class AsyncOutputTest {
  private static final int QUEUE_BYTES = 20_000;

  private final Logger logger = LoggerFactory.getLogger(AsyncOutputTest.class);
  private final Gate out = new Gate();
  private final Counts counts = new Counts();
  private final AtomicLong nanoTime = new AtomicLong(Long.MAX_VALUE); // and soon past it
  private final Logs logs =
      Logs.start(
          Level.INFO,
          Map.of(),
          new AsyncOutput(new LogfmtEncoder(), QUEUE_BYTES, out, counts, nanoTime::get));

  @AfterEach
  void close() {
    out.open();
    logs.close();
  }

  @Test
  void aBlockedOutputDelaysNobodyAndEveryDropIsCounted() throws InterruptedException {
    IntStream.range(0, 1_000).forEach(i -> logger.info("event {}", i)); // returns: the gate is shut
    int dropped = counts.dropped(Logs.QUEUE_FULL);
    out.open();
    List<String> lines = linesUntil("msg=\"log events dropped\" count=" + dropped);

    int written = lines.size() - 1;
    assertThat(written + dropped).isEqualTo(1_000);
    assertThat(counts.logged.get()).isEqualTo(1_001);
    for (int i = 0; i < written; i++) {
      assertThat(lines.get(i)).contains("msg=\"event " + i + "\"");
    }
    int bytes = lines.stream().limit(written).mapToInt(line -> line.length() + 1).sum();
    assertThat(bytes).isBetween(QUEUE_BYTES - 200, QUEUE_BYTES);
  }

  @Test
  void dropsAreReportedAtMostOnceAMinute() throws InterruptedException {
    overflow();
    linesUntil("log events dropped");
    int reported = counts.dropped(Logs.QUEUE_FULL);
    overflow();
    logOnceThereIsRoom("recovered");
    assertThat(linesUntil("recovered")).noneMatch(line -> line.contains("log events dropped"));

    nanoTime.addAndGet(Duration.ofMinutes(1).toNanos());
    linesUntil("count=" + (counts.dropped(Logs.QUEUE_FULL) - reported));
  }

  @Test
  void aFailedWriteCountsItsEventsAndTheNextGoesOn() throws InterruptedException {
    out.failure = new IOException("disk full");
    out.open();
    IntStream.range(0, 10).forEach(i -> logger.info("event {}", i));
    counts.await(Logs.WRITE_FAILED, 10);
    out.failure = null;
    logger.info("afterwards");
    assertThat(linesUntil("afterwards")).hasSize(1);
  }

  @Test
  void closeGivesUpOnABlockedOutputAndCountsWhatIsLeft() {
    IntStream.range(0, 20).forEach(i -> logger.info("event {}", i));
    long start = System.nanoTime();
    logs.close();
    logs.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(1_900), Duration.ofSeconds(10));
    assertThat(counts.dropped(Logs.SHUTDOWN)).isEqualTo(20);
    logger.info("too late");
    assertThat(counts.dropped(Logs.SHUTDOWN)).isEqualTo(21);
  }

  @Test
  void everyEventIsALineOrADropWhoeverLogsWhileItCloses() throws InterruptedException {
    out.open();
    CountDownLatch busy = new CountDownLatch(2_000);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (int n = 0; n < 2_000; n++) {
                  logger.info("event");
                  busy.countDown();
                }
              });
      thread.start();
      threads.add(thread);
    }
    busy.await();
    logs.close();
    for (Thread thread : threads) {
      thread.join();
    }
    int lines = out.writes.stream().mapToInt(write -> write.split("\n").length).sum();
    int dropped = counts.dropped.values().stream().mapToInt(AtomicInteger::get).sum();
    assertThat(counts.logged.get()).isGreaterThanOrEqualTo(8_000);
    assertThat(lines + dropped).isEqualTo(counts.logged.get());
    assertThat(out.writes).allMatch(write -> write.length() <= 64 * 1024);
  }

  private void overflow() {
    out.shut();
    int before = counts.dropped(Logs.QUEUE_FULL);
    while (counts.dropped(Logs.QUEUE_FULL) < before + 5) {
      logger.info("event");
    }
    out.open();
  }

  private void logOnceThereIsRoom(String message) {
    int before;
    do {
      before = counts.dropped(Logs.QUEUE_FULL);
      logger.info(message);
    } while (counts.dropped(Logs.QUEUE_FULL) > before);
  }

  private List<String> linesUntil(String text) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    while (lines.isEmpty() || !lines.get(lines.size() - 1).contains(text)) {
      String write = out.writes.poll(10, TimeUnit.SECONDS);
      assertThat(write).as("a line with: %s", text).isNotNull();
      lines.addAll(write.lines().toList());
    }
    return lines;
  }

  /** An output that blocks while it is shut, as a pipe does that nobody reads. */
  private static final class Gate extends OutputStream {
    private final BlockingQueue<String> writes = new LinkedBlockingQueue<>();
    private final Semaphore passes = new Semaphore(0);
    private volatile IOException failure;

    void open() {
      passes.release(1_000_000);
    }

    void shut() {
      passes.drainPermits();
    }

    @Override
    public void write(int b) {
      throw new AssertionError("one write a batch");
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      passes.acquireUninterruptibly();
      IOException thrown = failure;
      if (thrown != null) {
        throw thrown;
      }
      writes.add(new String(bytes, offset, length, UTF_8));
    }
  }

  private static final class Counts implements Logs.Listener {
    private final AtomicInteger logged = new AtomicInteger();
    private final Map<String, AtomicInteger> dropped = new ConcurrentHashMap<>();

    @Override
    public void logged(Level level) {
      logged.incrementAndGet();
    }

    @Override
    public synchronized void dropped(String reason, int count) {
      dropped.computeIfAbsent(reason, key -> new AtomicInteger()).addAndGet(count);
      notifyAll();
    }

    int dropped(String reason) {
      return dropped.getOrDefault(reason, new AtomicInteger()).get();
    }

    synchronized void await(String reason, int count) throws InterruptedException {
      while (dropped(reason) < count) {
        wait();
      }
    }
  }
}
