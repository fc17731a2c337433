package dev.storageapi.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Form;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.Scrape;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Rows 18 to 20: hostile forms, hostile images, and too many of them. */
@TestInstance(Lifecycle.PER_CLASS)
class HostileImagesIT {

  private static final byte[] PNG = Digits.heldBack().get(0).png();
  private static final String TYPE = new Form().contentType();
  private static final String BOUNDARY = TYPE.substring(TYPE.indexOf('=') + 1);

  private static final String PART =
      "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n";

  /** What is sent, and what it is. */
  private record Body(String what, String bytes) {
    @Override
    public String toString() {
      return what;
    }
  }

  static final List<Body> FORMS =
      List.of(
          new Body("10 000 parts", PART.repeat(10_000) + "--" + BOUNDARY + "--\r\n"),
          new Body("an endless header", "--" + BOUNDARY + "\r\nX: " + "a".repeat(1 << 20)),
          new Body("many headers", "--" + BOUNDARY + "\r\n" + "X: a\r\n".repeat(100_000)),
          new Body("no end", PART),
          new Body("nothing but a boundary", "--" + BOUNDARY),
          new Body("boundaries that nearly are", ("\r\n--" + BOUNDARY.substring(1)).repeat(30_000)),
          new Body("line ends", "\r\n".repeat(1 << 20)),
          new Body("no form", "hello"));

  static final List<Body> IMAGES =
      List.of(
          new Body("cut", text(Arrays.copyOf(PNG, PNG.length / 2))),
          new Body("a head alone", text(Arrays.copyOf(PNG, 33))),
          new Body("another's pixels", text(sized(9, 9))),
          new Body("a GIF that is a page", "GIF89a\b\0\b\0\0\0\0<html><script>alert(1)</script>"),
          new Body("a BMP without pixels", "BM" + "\0".repeat(52)),
          new Body("a JPEG that does not go on", "\u00ff\u00d8\u00ff\u00e0\u00ff\u00ff"),
          new Body("a page", "<svg xmlns='http://www.w3.org/2000/svg'/>"));

  private ServiceProcess service;

  @BeforeAll
  void start() {
    service = ServiceProcess.withModel(Map.of("INFERENCE_MAX_CONCURRENT", "4")).start();
    await().until(() -> service.send("GET", "/ready/inference").statusCode() == 200);
    for (int i = 0; i < 300; i++) { // what is made once is not to look like growth
      assertThat(predict(PNG).status()).isEqualTo(200);
    }
  }

  @AfterAll
  void stop() {
    service.close();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }

  /** The digit, with a head that tells of another size. */
  private static byte[] sized(int width, int height) {
    byte[] png = PNG.clone();
    ByteBuffer.wrap(png).putInt(16, width).putInt(20, height);
    CRC32 sum = new CRC32();
    sum.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) sum.getValue());
    return png;
  }

  private Answer send(String request) {
    try (RawClient client = RawClient.connect(service.port())) {
      client.write(request);
      return client.answer();
    }
  }

  private Answer predict(byte[] image) {
    return send(new Form().file("file", "a", "image/png", image).request("/predict"));
  }

  private void assertModelAnswers() {
    assertThat(predict(PNG).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @FieldSource("FORMS")
  void aHostileFormIs400(Body form) {
    Watch watch = Watch.withBaseline(service);
    String head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: " + TYPE;

    Answer answer =
        send(head + "\r\nContent-Length: " + form.bytes().length() + "\r\n\r\n" + form.bytes());

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).startsWith("{\"detail\":\"There was an error parsing the body: ");
    watch.assertSeen(1, "/predict", "POST", 400);
    watch.assertBackAtBaseline();
    assertModelAnswers();
  }

  @Test
  void aFormOverTheLimitIs413() {
    Watch watch = Watch.of(service);

    Answer answer = predict(new byte[(8 << 20) + 1]);

    assertThat(answer.status()).isEqualTo(413);
    watch.assertSeen(1, "/predict", "POST", 413);
  }

  @ParameterizedTest
  @FieldSource("IMAGES")
  void aBrokenImageIs400(Body image) {
    Watch watch = Watch.withBaseline(service);

    Answer answer = predict(image.bytes().getBytes(ISO_8859_1));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).startsWith("{\"detail\":\"").doesNotContain("Exception", "html");
    watch.assertSeen(1, "/predict", "POST", 400);
    watch.assertBackAtBaseline();
    assertModelAnswers();
  }

  @Test
  void anImageOf50000By50000PixelsIs413BeforeItIsDecoded() {
    Watch watch = Watch.withBaseline(service);
    long start = System.nanoTime();

    for (int i = 0; i < 20; i++) {
      assertThat(predict(sized(50_000, 50_000)).status()).isEqualTo(413);
    }

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    watch.assertSeen(20, "/predict", "POST", 413);
    watch.assertBackAtBaseline();
  }

  @Test
  void whatIsBehindAnImageDoesNotMatter() {
    byte[] polyglot = (text(PNG) + "PK\u0003\u0004<script>").getBytes(ISO_8859_1);

    assertThat(predict(polyglot).status()).isEqualTo(200);
  }

  @Test
  void mutatedImagesAndFormsAreNeverA5xx() {
    Random random = new Random(42);
    Watch watch = Watch.withBaseline(service);
    byte[] form = new Form().file("file", "a", "image/png", PNG).body();
    int sent = 3000;
    try (RawClient client = RawClient.connect(service.port())) {
      for (int i = 0; i < sent; i++) {
        byte[] body = form.clone();
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
          body[random.nextInt(body.length)] = (byte) random.nextInt(256);
        }
        client.write(
            "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: "
                + TYPE
                + "\r\nContent-Length: "
                + body.length
                + "\r\n\r\n"
                + text(body));
        assertThat(client.answer().status()).isIn(200, 400, 413, 422);
      }
    }
    watch.assertBackAtBaseline();
    assertThat(service.lines()).noneMatch(line -> line.contains("lvl=[ERROR]"));
  }

  @Test
  void aFloodIsAnsweredOrRefusedAndStorageGoesOn() throws InterruptedException, ExecutionException {
    Watch watch = Watch.withBaseline(service);
    int clients = 32;
    int each = 100;
    Scrape before = service.scrape();
    double longest = 0;
    ExecutorService pool = Executors.newFixedThreadPool(clients + 1);
    try {
      List<Future<Map<Integer, Long>>> running =
          IntStream.range(0, clients).mapToObj(i -> pool.submit(() -> flood(each))).toList();
      while (running.stream().anyMatch(client -> !client.isDone())) {
        assertThat(service.send("PUT", "/api/buckets/1", "x").statusCode()).isEqualTo(200);
        longest = Math.max(longest, service.scrape().value("inference_queue_size"));
      }
      Map<Integer, Long> statuses = new HashMap<>();
      for (Future<Map<Integer, Long>> client : running) {
        client.get().forEach((status, count) -> statuses.merge(status, count, Long::sum));
      }

      assertThat(statuses.keySet()).containsOnly(200, 503);
      assertThat(longest).isLessThanOrEqualTo(4);
      double predicted =
          service.scrape().sum("model_predictions_total") - before.sum("model_predictions_total");
      assertThat(predicted).isEqualTo(statuses.get(200).doubleValue());
      watch.assertSeen(statuses.get(200).intValue(), "/predict", "POST", 200);
      watch.assertSeen(statuses.get(503).intValue(), "/predict", "POST", 503);
      watch.assertBackAtBaseline();
    } finally {
      pool.shutdownNow();
    }
  }

  private Map<Integer, Long> flood(int requests) {
    String request = new Form().file("file", "a", "image/png", PNG).request("/predict");
    try (RawClient client = RawClient.connect(service.port())) {
      return IntStream.range(0, requests)
          .mapToObj(
              i -> {
                client.write(request);
                return client.answer().status();
              })
          .collect(Collectors.groupingBy(status -> status, Collectors.counting()));
    }
  }
}
