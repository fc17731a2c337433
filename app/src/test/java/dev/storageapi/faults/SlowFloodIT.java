package dev.storageapi.faults;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Row 1: a thousand slow headers and a thousand slow bodies at once, on the default settings. */
@Tag("ci")
final class SlowFloodIT {

  private static final int EACH = 1_000;
  private static final Duration CLOSED_WITHIN = Duration.ofSeconds(12);
  private static final int ROUNDS = 3;
  private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Opens the slow connections and sends a byte on each every second, until all are closed. */
  private static final class Flood implements AutoCloseable {

    private final Selector selector;
    private double longest;

    private static final class Slow {
      private final byte[] head;
      private final long start = System.nanoTime();

      Slow(String head) {
        this.head = head.getBytes(US_ASCII);
      }
    }

    Flood(int port) throws IOException {
      selector = Selector.open();
      for (int i = 0; i < EACH; i++) {
        open(port, "PUT /api/buckets/slow HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        open(port, "PUT /api/buckets/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
      }
    }

    private void open(int port, String head) throws IOException {
      Slow slow = new Slow(head);
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.write(ByteBuffer.wrap(slow.head));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ, slow);
    }

    /** The longest that any was open, in seconds. */
    double run() throws IOException {
      long nextByte = System.nanoTime();
      while (!selector.keys().isEmpty()) {
        selector.select(this::readable, 100);
        selector.selectNow(); // forgets the closed ones
        if (System.nanoTime() >= nextByte) {
          nextByte += TimeUnit.SECONDS.toNanos(1);
          for (SelectionKey key : selector.keys()) {
            drip(key);
          }
        }
      }
      return longest;
    }

    private void readable(SelectionKey key) {
      try {
        if (((SocketChannel) key.channel()).read(ByteBuffer.allocate(512)) < 0) {
          closed(key);
        }
      } catch (IOException e) {
        closed(key);
      }
    }

    private void drip(SelectionKey key) {
      try {
        if (key.isValid()) {
          ((SocketChannel) key.channel()).write(ByteBuffer.wrap(new byte[] {'a'}));
        }
      } catch (IOException e) {
        closed(key);
      }
    }

    private void closed(SelectionKey key) {
      if (key.channel().isOpen()) {
        Slow slow = (Slow) key.attachment();
        longest = Math.max(longest, (System.nanoTime() - slow.start) / NANOS);
        try {
          key.channel().close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    @Override
    public void close() throws IOException {
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
      selector.close();
    }
  }

  /** The 99th percentile, in seconds, of requests one by one until {@code end}. */
  private static double p99(int port, long end) {
    double[] seconds = new double[1 << 20];
    int n = 0;
    try (RawClient client = RawClient.connect(port)) {
      while (System.nanoTime() < end && n < seconds.length) {
        long start = System.nanoTime();
        client.write("GET /api/buckets/normal HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(200);
        seconds[n++] = (System.nanoTime() - start) / NANOS;
      }
    }
    Arrays.sort(seconds, 0, n);
    assertThat(n).isGreaterThan(500);
    return seconds[n * 99 / 100];
  }

  private static long inSeconds(int seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void slowClientsAreClosedInTimeAndTheOthersDoNotNotice()
      throws IOException, InterruptedException, ExecutionException {
    ExecutorService flooding = Executors.newSingleThreadExecutor();
    try (ServiceProcess service = ServiceProcess.start()) {
      int port = service.port();
      service.send("PUT", "/api/buckets/normal", "a".repeat(100));
      p99(port, inSeconds(5));
      Watch watch = Watch.withBaseline(service);
      List<Double> ratios = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        double calm = p99(port, inSeconds(5));
        try (Flood flood = new Flood(port)) {
          Future<Double> longest = flooding.submit(flood::run);
          ratios.add(p99(port, inSeconds(5)) / calm);
          assertThat(longest.get()).isLessThan(CLOSED_WITHIN.toMillis() / 1e3);
        }
      }
      assertThat(ratios.stream().sorted().skip(ROUNDS / 2).findFirst().orElseThrow())
          .as("p99 under the flood over p99 without, %s", ratios)
          .isLessThanOrEqualTo(2);
      watch.assertSeen(ROUNDS * EACH, "/api/buckets/{id}", "PUT", 408);
      assertThat(service.send("GET", "/api/buckets/slow").statusCode()).isEqualTo(404);
      watch.assertThreadsBackAtBaseline();
      watch.assertBackAtBaseline();
    } finally {
      flooding.shutdownNow();
    }
  }
}
