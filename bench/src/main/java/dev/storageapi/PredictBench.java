package dev.storageapi;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.storageapi.telemetry.LogMetrics;
import dev.storageapi.telemetry.Logs;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Tracing;
import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/**
 * Predictions over HTTP against ONNX Runtime called bare, in one process, in windows that take
 * turns: as many clients as there are threads that call the runtime, the same model, the same
 * options of its session. {@code bench/predict} starts it.
 */
public final class PredictBench {

  private static final String BOUNDARY = "bench";

  private PredictBench() {}

  /** What is asked again and again. */
  private interface Work extends AutoCloseable {
    void once() throws IOException, OrtException;

    @Override
    default void close() throws IOException {}
  }

  /** One for each client. */
  private interface Client {
    Work connect() throws IOException;
  }

  /**
   * Prints a row for each number of clients.
   *
   * @param arguments clients between commas, rounds, seconds of a window, side of the images in
   *     pixels; the settings of the service come from the environment
   */
  @SuppressWarnings("try") // the log is there to be closed
  public static void main(String[] arguments) throws Exception {
    int[] clients =
        Arrays.stream(arguments[0].split(",", -1)).mapToInt(Integer::parseInt).toArray();
    int rounds = Integer.parseInt(arguments[1]);
    int seconds = Integer.parseInt(arguments[2]);
    byte[] request = request(jpeg(Integer.parseInt(arguments[3])));
    Map<String, String> settings = new HashMap<>(System.getenv());
    settings.putAll(Map.of("PORT", "0", "HOST", "127.0.0.1", "DATABASE_URL", "none"));
    settings.put("SHUTDOWN_QUIET", "0ms");
    Config config = Config.from(settings);
    Main.serverProperties(config.server());
    Main.inferenceProperties(config.inference());
    Metrics metrics = new Metrics();
    OutputStream nowhere = OutputStream.nullOutputStream();
    try (Logs logs =
            Logs.start(
                config.log().format(),
                config.log().level(),
                Map.of(),
                config.log().queueBytes(),
                nowhere,
                new LogMetrics(metrics));
        App app = new App(config, "bench", metrics, Tracing.off(metrics), Clock.systemUTC())) {
      app.start();
      awaitModel(app.port());
      try (Bare bare = new Bare(config)) {
        for (int count : clients) {
          compare(count, rounds, seconds, bare, () -> new Http(app.port(), request));
        }
      }
    }
    System.exit(0);
  }

  private static void compare(int clients, int rounds, int seconds, Bare bare, Client http)
      throws Exception {
    double[] alone = new double[rounds];
    double[] served = new double[rounds];
    double[] ratios = new double[rounds];
    rate(clients, seconds, bare::thread);
    rate(clients, seconds, http);
    for (int i = 0; i < rounds; i++) {
      alone[i] = rate(clients, seconds, bare::thread);
      served[i] = rate(clients, seconds, http);
      ratios[i] = served[i] / alone[i];
    }
    System.out.printf(
        Locale.ROOT,
        "| %d | %.1f | %.1f | %.3f |%n",
        clients,
        median(alone),
        median(served),
        median(ratios));
  }

  private static double median(double[] numbers) {
    double[] sorted = numbers.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** How many a second all of them get done. */
  private static double rate(int clients, int seconds, Client client) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(clients);
    try {
      long start = System.nanoTime();
      long end = start + TimeUnit.SECONDS.toNanos(seconds);
      var running =
          IntStream.range(0, clients).mapToObj(i -> pool.submit(() -> count(client, end))).toList();
      long done = 0;
      for (Future<Long> one : running) {
        done += one.get();
      }
      return done / ((System.nanoTime() - start) / 1e9);
    } finally {
      pool.shutdown();
    }
  }

  private static long count(Client client, long end) throws IOException, OrtException {
    long done = 0;
    try (Work work = client.connect()) {
      while (System.nanoTime() < end) {
        work.once();
        done++;
      }
    }
    return done;
  }

  /** The runtime, with the options that the service gives it. */
  private static final class Bare implements AutoCloseable {

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final String name;
    private final long[] shape;

    Bare(Config config) throws OrtException {
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(config.inference().model().intraOpThreads());
        options.setInterOpNumThreads(1);
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        session =
            environment.createSession(
                config.inference().model().file().orElseThrow().toString(), options);
      }
      var input = session.getInputInfo().entrySet().iterator().next();
      name = input.getKey();
      shape = ((TensorInfo) input.getValue().getInfo()).getShape();
      shape[0] = 1;
    }

    Work thread() {
      int floats = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      FloatBuffer buffer =
          ByteBuffer.allocateDirect(floats * Float.BYTES)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      Random random = new Random(1);
      for (int i = 0; i < floats; i++) {
        buffer.put(i, random.nextFloat()); // zeros would take less time
      }
      return () -> {
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, buffer, shape);
            OrtSession.Result result = session.run(Map.of(name, tensor))) {
          ((OnnxTensor) result.get(0)).getFloatBuffer();
        }
      };
    }

    @Override
    public void close() throws OrtException {
      session.close();
    }
  }

  /** A client on a kept connection. */
  private static final class Http implements Work {

    private final byte[] request;
    private final Socket socket;
    private final OutputStream out;
    private final InputStream in;

    Http(int port, byte[] request) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      this.request = request;
      out = socket.getOutputStream();
      in = new BufferedInputStream(socket.getInputStream());
    }

    @Override
    public void once() throws IOException {
      out.write(request);
      String status = line();
      int length = 0;
      for (String header = line(); !header.isEmpty(); header = line()) {
        if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(header.substring("content-length:".length()).strip());
        }
      }
      byte[] body = in.readNBytes(length);
      if (!status.startsWith("HTTP/1.1 200")) {
        throw new IOException(status + " " + new String(body, ISO_8859_1));
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new IOException("closed");
        }
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    }
  }

  private static void awaitModel(int port) throws InterruptedException {
    String ready = "GET /ready/inference HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < 600; i++) {
      try (Http client = new Http(port, ready.getBytes(ISO_8859_1))) {
        client.once();
        return;
      } catch (IOException e) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
    throw new IllegalStateException("the model is not there");
  }

  private static byte[] request(byte[] image) {
    String part =
        "--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n"
            + "Content-Type: image/jpeg\r\n\r\n";
    String end = "\r\n--" + BOUNDARY + "--\r\n";
    String head =
        "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary="
            + BOUNDARY
            + "\r\nContent-Length: "
            + (part.length() + image.length + end.length())
            + "\r\n\r\n";
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes((head + part).getBytes(ISO_8859_1));
    whole.writeBytes(image);
    whole.writeBytes(end.getBytes(ISO_8859_1));
    return whole.toByteArray();
  }

  /** Waves and some noise: about as many bytes as a photograph. */
  private static byte[] jpeg(int side) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int wave = (int) (120 + 80 * Math.sin(x / 9.0) * Math.cos(y / 13.0));
        int noise = random.nextInt(24);
        image.setRGB(x, y, (wave + noise) << 16 | (255 - wave) << 8 | (x + noise) % 256);
      }
    }
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", jpeg);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return jpeg.toByteArray();
  }
}
