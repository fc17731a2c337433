package dev.storageapi;

import dev.storageapi.storage.shared.SharedStore;
import dev.storageapi.storage.shared.StoreUrl;
import dev.storageapi.storage.shared.Trust;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLSocketFactory;

/**
 * Where the buckets live, their budget and their deliberate fault.
 *
 * @param url nothing where they live in the memory of this process
 * @param trust whose certificates are trusted; nothing for those that the JVM trusts
 * @param maxBytes of the store in memory, as {@code maxObjects} is
 * @param limits of a shared store; that of an object is everywhere
 */
record StorageConfig(
    int deleteStatus,
    Optional<StoreUrl> url,
    Optional<SSLSocketFactory> trust,
    long maxBytes,
    int maxObjects,
    SharedStore.Limits limits) {

  /** An object is one array, and is doubled while it is read. */
  private static final long MAX_OBJECT_BYTES = 512L << 20;

  static StorageConfig read(Settings settings) {
    return new StorageConfig(
        Integer.parseInt(
            settings.text(
                "STORAGE_DELETE_STATUS",
                "500",
                "What a DELETE that removed an object answers: 500, the deliberate fault, or 204",
                status -> Set.of("500", "204").contains(status))),
        url(settings),
        trust(settings),
        settings.size(
            "STORAGE_MAX_BYTES",
            "32MiB",
            1,
            "The bytes of all objects in memory; over it 507. A shared store has its own limit"),
        settings.number(
            "STORAGE_MAX_OBJECTS",
            100_000,
            1,
            10_000_000,
            "The number of objects in memory; over it 507. A shared store has none"),
        new SharedStore.Limits(
            settings.size(
                "STORAGE_MAX_OBJECT_BYTES", "4MiB", 1, "The bytes of one object; over it 413"),
            settings.number(
                "STORAGE_POOL_SIZE",
                16,
                1,
                1000,
                "The most connections to a shared store's server"),
            settings.duration(
                "STORAGE_POOL_TIMEOUT",
                "200ms",
                Duration.ofMillis(1),
                "How long a request waits for one of them; then 503"),
            settings.duration(
                "STORAGE_TIMEOUT",
                "500ms",
                Duration.ofMillis(10),
                "How long connecting to a shared store may take, and how long a command; then 503"),
            settings.duration(
                "STORAGE_CHECK_INTERVAL",
                "500ms",
                Duration.ofMillis(10),
                "How often to look whether a shared store is there")));
  }

  private static Optional<StoreUrl> url(Settings settings) {
    String url =
        settings.text(
            "STORAGE_URL",
            StoreUrl.MEMORY,
            "Where buckets live: `memory:` of this process, or Valkey or Redis for several:"
                + " `redis://user:password@host:6379`, `redis-cluster://host,host`,"
                + " `redis-sentinel://host,host/master`; `rediss` for TLS",
            value -> true);
    String user =
        settings.text(
            "STORAGE_USER", "", "The shared store's user, if not in the URL", value -> true);
    String password = settings.secret("STORAGE_PASSWORD", "Its password, if not in the URL");
    try {
      return url.equals(StoreUrl.MEMORY)
          ? Optional.empty()
          : Optional.of(StoreUrl.of(url, user, password));
    } catch (IllegalArgumentException e) {
      settings.problem("STORAGE_URL is not valid: " + e.getMessage()); // it may hold a password
      return Optional.empty();
    }
  }

  private static Optional<SSLSocketFactory> trust(Settings settings) {
    String file =
        settings.text(
            "STORAGE_TLS_CA",
            "",
            "A file in PEM with the certificates that a shared store's must be signed by; empty for"
                + " those that the JVM trusts",
            value -> true);
    try {
      return file.isEmpty() ? Optional.empty() : Optional.of(Trust.of(Path.of(file)));
    } catch (IllegalArgumentException e) {
      settings.problem("STORAGE_TLS_CA=" + file + " is not valid: " + e.getMessage());
      return Optional.empty();
    }
  }

  long maxObjectBytes() {
    return limits.objectBytes();
  }

  /** Adds what single settings do not show. */
  void check(Settings settings, ServerConfig server) {
    if (url.isEmpty() && maxObjectBytes() > maxBytes) {
      settings.problem("STORAGE_MAX_OBJECT_BYTES is more than STORAGE_MAX_BYTES");
    }
    if (maxObjectBytes() > server.uploadBudgetBytes()) {
      settings.problem("STORAGE_MAX_OBJECT_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
    if (maxObjectBytes() > MAX_OBJECT_BYTES) {
      settings.problem("STORAGE_MAX_OBJECT_BYTES is more than 512MiB");
    }
    if (url.isPresent() && limits.concurrent() >= server.maxConcurrentRequests()) {
      settings.problem(
          "three times STORAGE_POOL_SIZE is not less than SERVER_MAX_CONCURRENT_REQUESTS: all else"
              + " would wait for the store");
    }
    if (url.isPresent() && limits.longest().compareTo(server.responseTimeout()) >= 0) {
      settings.problem(
          "two times STORAGE_POOL_TIMEOUT and four times STORAGE_TIMEOUT together are not less than"
              + " SERVER_RESPONSE_TIMEOUT");
    }
  }
}
