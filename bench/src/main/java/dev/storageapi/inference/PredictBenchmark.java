package dev.storageapi.inference;

import dev.storageapi.inference.InputFormat.Channels;
import dev.storageapi.inference.InputFormat.Layout;
import dev.storageapi.inference.InputFormat.Resize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The steps of a prediction of the digits, one by one: the image is {@code docs/images/digit.png},
 * 112 by 112 pixels.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' org.openjdk.jmh.Main Predict -prof gc
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
public class PredictBenchmark {

  private static final String TYPE = "multipart/form-data; boundary=bench";

  private static final String HEAD =
      """
      --bench\r
      Content-Disposition: form-data; name="file"; filename="digit.png"\r
      Content-Type: image/png\r
      \r
      """;

  /** The digits' own format, and one for which the image need not be resized. */
  private final InputFormat digits = format(8);

  private final InputFormat asItIs = format(112);
  private final Scratch scratch = new Scratch();
  private byte[] body;
  private Multipart.Part part;
  private Picture picture;
  private float[] tensor;
  private OnnxModel model;

  private static InputFormat format(int side) {
    return new InputFormat(
        side, side, Channels.GREY, Layout.NCHW, List.of(0.5f), List.of(0.5f), Resize.STRETCH);
  }

  @Setup
  public void prepare() throws IOException, UnusableModel {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.writeBytes(HEAD.getBytes(StandardCharsets.US_ASCII));
    form.writeBytes(Files.readAllBytes(Path.of("docs/images/digit.png")));
    form.writeBytes("\r\n--bench--\r\n".getBytes(StandardCharsets.US_ASCII));
    body = form.toByteArray();
    part = parse();
    picture = decode();
    tensor = resizeAndMakeTensor();
    Path natives = Path.of("bench/target/native");
    System.setProperty(NativeLibrary.PROPERTY, natives.toAbsolutePath().toString());
    NativeLibrary.unpackTo(natives);
    model =
        OnnxModel.load(
            new ModelSettings(
                "digits",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                1,
                natives,
                1L << 30));
  }

  @TearDown
  public void close() {
    model.close();
  }

  @Benchmark
  public Multipart.Part parse() {
    return Multipart.find(TYPE, body, "file", 16, 4096).orElseThrow();
  }

  @Benchmark
  public Picture decode() {
    return Picture.decode(
        body, part.offset(), part.length(), new Picture.Limits(1 << 24, digits.side()));
  }

  @Benchmark
  public float[] resizeAndMakeTensor() {
    return digits.tensor(picture);
  }

  /** For 112 by 112 floats. */
  @Benchmark
  public float[] makeTensorWithoutResizing() {
    return asItIs.tensor(picture);
  }

  @Benchmark
  public float[][] run() throws UnusableModel {
    return model.run(List.of(tensor), scratch);
  }
}
