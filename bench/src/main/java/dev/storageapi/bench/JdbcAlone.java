package dev.storageapi.bench;

import dev.storageapi.BareDatabase;
import dev.storageapi.database.Database;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Runs the statements of the datasets by JDBC alone, with the service's pool and settings of the
 * driver. Each line of standard input is a window, {@code STATEMENT THREADS SECONDS}, where the
 * statement is {@code get}, {@code list} or {@code insert}; it is answered by a line {@code
 * PER-SECOND P50-MILLISECONDS P99-MILLISECONDS}.
 *
 * <pre>{@code
 * echo get 32 5 | DATABASE_URL=jdbc:h2:file:./data/bench \
 *   java -cp 'bench/target/classes:bench/target/lib/*' dev.storageapi.bench.JdbcAlone
 * }</pre>
 */
public final class JdbcAlone {

  private JdbcAlone() {}

  /** Says {@code ready}, then answers each line, and closes the database behind the last one. */
  public static void main(String[] arguments) throws InterruptedException, ExecutionException {
    try (Database database = BareDatabase.open()) {
      answer(new Statements(database.dataSource()));
    }
  }

  private static void answer(Statements statements)
      throws InterruptedException, ExecutionException {
    Map<String, Callable<?>> calls =
        Map.of(
            "get", () -> statements.get(500),
            "list", () -> statements.list(1000),
            "insert", () -> statements.insert("a dataset like others"));
    System.out.println("ready");
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    while (in.hasNext()) {
      System.out.println(window(calls.get(in.next()), in.nextInt(), in.nextInt()));
    }
  }

  private static String window(Callable<?> call, int threads, int seconds)
      throws InterruptedException, ExecutionException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    List<Future<long[]>> results = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      results.add(pool.submit(() -> repeat(call, end)));
    }
    LongStream.Builder all = LongStream.builder();
    for (Future<long[]> result : results) {
      LongStream.of(result.get()).forEach(all);
    }
    pool.shutdown();
    long[] sorted = all.build().sorted().toArray();
    return sorted.length / seconds + " " + percentile(sorted, 50) + " " + percentile(sorted, 99);
  }

  /** The nanoseconds of each call until the end. */
  private static long[] repeat(Callable<?> call, long end) throws Exception {
    long[] times = new long[1024];
    int count = 0;
    for (long start = System.nanoTime(); start < end; count++) {
      if (count == times.length) {
        times = Arrays.copyOf(times, 2 * count);
      }
      call.call();
      long now = System.nanoTime();
      times[count] = now - start;
      start = now;
    }
    return Arrays.copyOf(times, count);
  }

  private static double percentile(long[] sorted, int percent) {
    return Math.round(sorted[(int) ((sorted.length - 1L) * percent / 100)] / 1e4) / 1e2;
  }
}
