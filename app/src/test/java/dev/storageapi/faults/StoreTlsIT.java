package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.RedisServer;
import dev.storageapi.testing.Sealed;
import dev.storageapi.testing.ServiceProcess;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The shared store is reached by TLS alone, and only where its certificate is the right one. */
final class StoreTlsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static int ready(ServiceProcess service) {
    return service.send("GET", "/ready").statusCode();
  }

  @Test
  void whoseCertificateIsTrustedIsUsed() {
    String object = Sealed.object("secret", 200_000);
    try (RedisServer redis = RedisServer.startTls("ip:127.0.0.1", "--requirepass", "password");
        ServiceProcess service =
            ServiceProcess.with(
                    Map.of(
                        "STORAGE_URL",
                        redis.url(),
                        "STORAGE_PASSWORD",
                        "password",
                        "STORAGE_TLS_CA",
                        redis.certificate().toString()))
                .start()) {
      await().atMost(PATIENCE).until(() -> ready(service) == 200);
      assertThat(service.send("PUT", "/api/buckets/7", object).statusCode()).isEqualTo(200);
      assertThat(service.send("GET", "/api/buckets/7").body()).isEqualTo(object);
    }
  }

  @Test
  void whoseCertificateNobodyTrustsIsNot() {
    try (RedisServer redis = RedisServer.startTls("ip:127.0.0.1");
        ServiceProcess service = ServiceProcess.with(Map.of("STORAGE_URL", redis.url())).start()) {
      assertRefused(redis, service);
    }
  }

  @Test
  void whoseCertificateIsOfAnotherIsNot() {
    try (RedisServer redis = RedisServer.startTls("dns:elsewhere.example");
        ServiceProcess service =
            ServiceProcess.with(
                    Map.of(
                        "STORAGE_URL",
                        redis.url(),
                        "STORAGE_TLS_CA",
                        redis.certificate().toString()))
                .start()) {
      assertRefused(redis, service);
    }
  }

  private static void assertRefused(RedisServer redis, ServiceProcess service) {
    await()
        .atMost(PATIENCE)
        .until(() -> service.lines().stream().anyMatch(line -> line.contains("certificate")));
    assertThat(ready(service)).isEqualTo(503);
    assertThat(service.send("PUT", "/api/buckets/7", "no").statusCode()).isEqualTo(503);
    assertThat(redis.cli("DBSIZE")).isEqualTo("0");
  }
}
