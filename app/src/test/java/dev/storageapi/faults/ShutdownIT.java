package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Digits;
import dev.storageapi.testing.Form;
import dev.storageapi.testing.ImageFiles;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.RawClient.Answer;
import dev.storageapi.testing.ServiceProcess;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Row 30: SIGTERM while clients, behind what acts as a load balancer, send all they can. */
@Tag("jdk")
final class ShutdownIT {

  private static final Duration SOON = Duration.ofSeconds(5);
  private static final int CLIENTS = 8;
  private static final String READY = "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n";

  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile boolean inUse = true;

  /** One client: a kept connection, a new one where the answer says so, nothing sent twice. */
  private void send(int port, String request) {
    RawClient client = RawClient.connect(port);
    while (inUse) {
      client.write(request);
      Optional<Answer> answer = client.readUntilAnswered(SOON);
      answer.ifPresentOrElse(a -> answers.incrementAndGet(), failures::incrementAndGet);
      if (answer.isEmpty() || "close".equals(answer.get().header("Connection"))) {
        client.close();
        client = RawClient.connect(port);
      }
    }
    client.close();
  }

  /** The load balancer's probe: from its first 503 on the instance gets nothing new. */
  private void probe(int port) {
    while (inUse) {
      try (RawClient client = RawClient.connect(port)) {
        client.write(READY);
        Answer answer = client.answer();
        answers.incrementAndGet();
        inUse = answer.status() == 200;
      }
    }
  }

  @Test
  void noRequestFailsWhenTheServiceIsToldToEndUnderLoad()
      throws InterruptedException, ExecutionException {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS + 1);
    try (ServiceProcess service = ServiceProcess.with(Map.of("SHUTDOWN_GRACE", "10s")).start();
        RawClient upload = RawClient.connect(service.port())) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        String put =
            "PUT /api/buckets/%d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                .formatted(i);
        running.add(clients.submit(() -> send(service.port(), put)));
      }
      running.add(clients.submit(() -> probe(service.port())));
      upload.write("PUT /api/buckets/late HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
      await().until(() -> answers.get() > 2_000);
      service.terminate();
      for (Future<?> client : running) {
        client.get();
      }
      upload.write("llo");
      Answer late = upload.answer();
      assertThat(late.status()).isEqualTo(200);
      assertThat(late.header("Connection")).isEqualTo("close");
      long end = System.nanoTime();
      assertThat(service.exitCode()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - end)).isLessThan(Duration.ofSeconds(10));
      assertThat(failures).hasValue(0);
      assertThat(service.accessLines()).hasSize(answers.get() + 1);
      assertThat(service.lines().get(service.lines().size() - 1)).contains("storage-api has ended");
      assertThat(service.errors()).isEmpty();
    } finally {
      clients.shutdownNow();
    }
  }

  /** ONNX Runtime closes its environment at the signal by itself, while predictions go on. */
  @RepeatedTest(3)
  void noPredictionFailsWhenTheServiceIsToldToEndUnderLoad()
      throws InterruptedException, ExecutionException {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS + 1);
    String request =
        new Form()
            .file("file", "a.png", "image/png", Digits.heldBack().get(0).png())
            .request("/predict");
    try (ServiceProcess service =
        ServiceProcess.withModel(Map.of("READY_REQUIRES", "inference", "INFERENCE_MAX_BATCH", "4"))
            .start()) {
      await().until(() -> service.send("GET", "/ready").statusCode() == 200);
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        running.add(clients.submit(() -> send(service.port(), request)));
      }
      running.add(clients.submit(() -> probe(service.port())));
      await().until(() -> answers.get() > 500);
      service.terminate();
      for (Future<?> client : running) {
        client.get();
      }
      assertThat(service.exitCode()).isZero();
      assertThat(failures).hasValue(0);
      assertThat(service.accessLines())
          .noneMatch(line -> line.contains("path=/predict status_code=5"));
      assertThat(service.errors()).isEmpty();
    } finally {
      clients.shutdownNow();
    }
  }

  /** Without that the process crashes: its memory goes away under the run. */
  @Test
  void aPredictionThatOutlastsTheGraceIsEnded() throws IOException {
    BufferedImage white = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
    Arrays.fill(((DataBufferByte) white.getRaster().getDataBuffer()).getData(), (byte) 255);
    byte[] png = ImageFiles.write("png", white);
    String waits = "inference_queue_duration_seconds_count";
    try (ServiceProcess service =
            ServiceProcess.withModel(
                    Map.of(
                        "MODEL_PATH", "src/test/resources/models/slow.onnx",
                        "SHUTDOWN_GRACE", "1s",
                        "SHUTDOWN_QUIET", "0ms"))
                .start();
        RawClient client = RawClient.connect(service.port())) {
      await().until(() -> service.send("GET", "/ready/inference").statusCode() == 200);
      client.write(new Form().file("file", "a", "image/png", png).request("/predict"));
      await().until(() -> service.scrape().value(waits) == 1); // a worker has it
      service.terminate();
      await().atMost(Duration.ofSeconds(8)).until(() -> !service.isAlive());
      assertThat(service.exitCode()).isZero();
      assertThat(service.lines().get(service.lines().size() - 1)).contains("storage-api has ended");
      assertThat(service.errors()).isEmpty();
    }
  }

  @Test
  void aRequestThatOutlastsTheGraceIsCutAndTheServiceEnds() {
    try (ServiceProcess service =
            ServiceProcess.with(Map.of("SHUTDOWN_GRACE", "1s", "SHUTDOWN_QUIET", "0ms")).start();
        RawClient slow = RawClient.connect(service.port())) {
      slow.write("PUT /api/buckets/late HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
      await().until(() -> service.scrape().value("http_requests_in_flight") == 2);
      service.terminate();
      await().atMost(SOON).until(() -> !service.isAlive());
      assertThat(service.exitCode()).isZero();
      assertThat(service.lines()).anyMatch(line -> line.contains("the grace period is over"));
    }
  }

  @Test
  void aClientThatStallsAfterItsEarlyAnswerHoldsNothingForLong() {
    try (ServiceProcess service = ServiceProcess.with(Map.of("SHUTDOWN_QUIET", "0ms")).start();
        RawClient stalled = RawClient.connect(service.port())) {
      stalled.write(
          "PUT /api/buckets/big HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nhe");
      assertThat(stalled.answer().status()).isEqualTo(413);
      service.terminate();
      await().atMost(Duration.ofSeconds(6)).until(() -> !service.isAlive());
      assertThat(service.exitCode()).isZero();
      assertThat(service.lines()).noneMatch(line -> line.contains("the grace period is over"));
    }
  }

  @Test
  void withTwoPortsBothSayGoodbye() {
    try (ServiceProcess service =
            ServiceProcess.with(Map.of("MANAGEMENT_PORT", "0", "SHUTDOWN_QUIET", "0ms")).start();
        RawClient kept = RawClient.connect(service.port())) {
      kept.write("GET /info HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(kept.answer().status()).isEqualTo(404); // it is on the other port
      service.terminate();
      await().atMost(Duration.ofSeconds(3)).until(() -> !service.isAlive());
      assertThat(service.exitCode()).isZero();
    }
  }

  @Test
  void anIdleServiceWithKeptConnectionsEndsAtOnce() {
    try (ServiceProcess service = ServiceProcess.with(Map.of("SHUTDOWN_QUIET", "0ms")).start();
        RawClient kept = RawClient.connect(service.port())) {
      kept.write(READY);
      assertThat(kept.answer().status()).isEqualTo(200);
      service.terminate();
      await().atMost(Duration.ofSeconds(3)).until(() -> !service.isAlive());
      assertThat(service.exitCode()).isZero();
    }
  }
}
