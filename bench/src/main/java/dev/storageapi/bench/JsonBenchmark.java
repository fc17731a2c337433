package dev.storageapi.bench;

import dev.storageapi.bench.Statements.Row;
import dev.storageapi.http.Json;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it takes to write JSON: one record, and a list of 1000 (40 KB).
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' org.openjdk.jmh.Main Json -prof gc
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
public class JsonBenchmark {

  private final List<Row> rows =
      LongStream.rangeClosed(1, 1000).mapToObj(id -> new Row(id, "dataset number " + id)).toList();

  @Benchmark
  public byte[] one() {
    return Json.bytes(rows.get(500));
  }

  @Benchmark
  public byte[] list() {
    return Json.bytes(rows);
  }
}
