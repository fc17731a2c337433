package dev.storageapi;

import java.util.Set;

/** The bucket store's budget and its deliberate fault. */
record StorageConfig(int deleteStatus, long maxBytes, int maxObjects, long maxObjectBytes) {

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
        settings.size("STORAGE_MAX_BYTES", "32MiB", 1, "The bytes of all objects; over it 507"),
        settings.number(
            "STORAGE_MAX_OBJECTS", 100_000, 1, 10_000_000, "The number of objects; over it 507"),
        settings.size(
            "STORAGE_MAX_OBJECT_BYTES", "4MiB", 1, "The bytes of one object; over it 413"));
  }

  /** Adds what single settings do not show. */
  void check(Settings settings, ServerConfig server) {
    if (maxObjectBytes > maxBytes) {
      settings.problem("STORAGE_MAX_OBJECT_BYTES is more than STORAGE_MAX_BYTES");
    }
    if (maxObjectBytes > server.uploadBudgetBytes()) {
      settings.problem("STORAGE_MAX_OBJECT_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
    if (maxObjectBytes > MAX_OBJECT_BYTES) {
      settings.problem("STORAGE_MAX_OBJECT_BYTES is more than 512MiB");
    }
  }
}
