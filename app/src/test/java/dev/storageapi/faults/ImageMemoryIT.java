package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Form;
import dev.storageapi.testing.ImageFiles;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.ServiceProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files that take much memory while they are decoded: on a small heap nobody may end it. */
@Tag("jdk")
class ImageMemoryIT {

  private static final int CLIENTS = 6;
  private static final int EACH = 8;

  /** A PNG of 16-bit colours with alpha, all of them 0. */
  private static byte[] png(int side) {
    return ImageFiles.png(side, side, 16, 6, new byte[side * (1 + 8 * side)]);
  }

  private static List<Integer> predict(ServiceProcess service, String request) {
    List<Integer> statuses = new ArrayList<>();
    try (RawClient client = RawClient.connect(service.port())) {
      for (int i = 0; i < EACH; i++) {
        client.write(request);
        statuses.add(client.answer().status());
      }
    }
    return statuses;
  }

  @ParameterizedTest
  @ValueSource(ints = {1023, 2047, 4095})
  void aHeapOf96MbIsEnoughForThem(int side) throws InterruptedException, ExecutionException {
    String request = new Form().file("file", "a", "image/png", png(side)).request("/predict");
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (ServiceProcess service =
        ServiceProcess.withModel(Map.of()).jvm("-Xmx96m", "-XX:ActiveProcessorCount=4").start()) {
      await().until(() -> service.send("GET", "/ready/inference").statusCode() == 200);
      List<Future<List<Integer>>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        running.add(clients.submit(() -> predict(service, request)));
      }
      List<Integer> statuses = new ArrayList<>();
      for (Future<List<Integer>> client : running) {
        statuses.addAll(client.get());
      }
      assertThat(statuses).hasSize(CLIENTS * EACH).contains(200).isSubsetOf(200, 503);
      assertThat(service.send("PUT", "/api/buckets/1", "x").statusCode()).isEqualTo(200);
      assertThat(service.isAlive()).isTrue();
      assertThat(service.errors()).isEmpty();
    } finally {
      clients.shutdownNow();
    }
  }
}
