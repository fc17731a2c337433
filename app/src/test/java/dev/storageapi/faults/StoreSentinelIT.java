package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RedisSentinels;
import dev.storageapi.testing.Sealed;
import dev.storageapi.testing.ServiceProcess;
import dev.storageapi.testing.Watch;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The shared store is a primary that sentinels replace by its replica when it is away. */
@Tag("ci")
final class StoreSentinelIT {

  private static final Duration ANSWERED = Duration.ofSeconds(2);
  private static final Duration BACK = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int KEYS = 100;

  private static boolean isReady(ServiceProcess service) {
    return service.send("GET", "/ready").statusCode() == 200;
  }

  private static HttpResponse<String> put(ServiceProcess service, String id) {
    return service.send("PUT", "/api/buckets/" + id, Sealed.object(id, 1_000));
  }

  private static void assertHas(ServiceProcess service, String id) {
    HttpResponse<String> answer = service.send("GET", "/api/buckets/" + id);
    assertThat(answer.statusCode()).as(id).isEqualTo(200);
    assertThat(Sealed.name(answer.body())).isEqualTo(id);
  }

  @Test
  void afterTheReplicaWasPromotedItIsUsedAndHasWhatWasReplicated() {
    try (RedisSentinels sentinels = RedisSentinels.start();
        ServiceProcess service =
            ServiceProcess.with(Map.of("STORAGE_URL", sentinels.url())).start()) {
      await().atMost(PATIENCE).until(() -> isReady(service));
      for (int i = 0; i < KEYS; i++) {
        assertThat(put(service, "key" + i).statusCode()).isEqualTo(200);
      }
      sentinels.awaitReplicated();
      sentinels.primary().kill();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                long start = System.nanoTime();
                int status = put(service, "lost").statusCode();
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(ANSWERED);
                return status == 503 && !isReady(service);
              });
      assertThat(service.send("GET", "/health").statusCode()).isEqualTo(200);
      sentinels.awaitPromoted();
      await().atMost(BACK).until(() -> isReady(service) && put(service, "new").statusCode() == 200);
      for (int i = 0; i < KEYS; i++) {
        assertHas(service, "key" + i);
      }
      assertThat(sentinels.replica().cli("EXISTS", "bucket:new")).isEqualTo("1");

      sentinels.primary().restart(); // it comes back empty, and becomes a replica
      sentinels.awaitRejoined(() -> {});
      assertHas(service, "new");
      assertThat(put(service, "later").statusCode()).isEqualTo(200);
      assertThat(sentinels.replica().cli("EXISTS", "bucket:later")).isEqualTo("1");
      assertThat(Watch.of(service).lines("ERROR")).isEmpty();
    }
  }

  /** Until a sentinel tells it otherwise, a primary that wakes takes itself for one. */
  @Test
  @Tag("full")
  void aFrozenPrimaryThatWasReplacedIsNotAskedWhenItWakes() {
    try (RedisSentinels sentinels = RedisSentinels.start();
        ServiceProcess service =
            ServiceProcess.with(Map.of("STORAGE_URL", sentinels.url())).start()) {
      await().atMost(PATIENCE).until(() -> isReady(service));
      assertThat(put(service, "old").statusCode()).isEqualTo(200);
      sentinels.awaitReplicated();
      sentinels.primary().freeze();
      sentinels.awaitPromoted();
      await().atMost(BACK).until(() -> isReady(service) && put(service, "new").statusCode() == 200);

      sentinels.primary().thaw();
      sentinels.awaitRejoined(
          () -> {
            assertHas(service, "old");
            assertHas(service, "new");
            assertThat(put(service, "later").statusCode()).isEqualTo(200);
          });
      assertThat(sentinels.replica().cli("EXISTS", "bucket:later")).isEqualTo("1");
      assertHas(service, "later");
      assertThat(Watch.of(service).lines("ERROR")).isEmpty();
    }
  }

  @Test
  void aSentinelThatIsAwayIsNotMissed() {
    try (RedisSentinels sentinels = RedisSentinels.start()) {
      sentinels.sentinels().get(0).kill();
      try (ServiceProcess service =
          ServiceProcess.with(Map.of("STORAGE_URL", sentinels.url())).start()) {
        await().atMost(PATIENCE).until(() -> isReady(service));
        assertThat(put(service, "key").statusCode()).isEqualTo(200);
        assertHas(service, "key");
      }
    }
  }
}
