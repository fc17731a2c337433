package dev.storageapi;

import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The store in memory, which has a budget of its own. */
class StorageTest extends StorageContract {

  @Override
  List<String> store() {
    return List.of("STORAGE_MAX_BYTES", "4KiB", "STORAGE_MAX_OBJECTS", "8");
  }

  @Test
  void aFullStoreIsA507AndWhatWasStoredIsUntouched() {
    try (RunningApp small =
        RunningApp.with("STORAGE_MAX_BYTES", "2KiB", "STORAGE_MAX_OBJECT_BYTES", "1KiB")) {
      byte[] kilobyte = "k".repeat(1024).getBytes(StandardCharsets.UTF_8);
      small.send("PUT", "/api/buckets/1", kilobyte);
      small.send("PUT", "/api/buckets/2", kilobyte);

      HttpResponse<byte[]> refused = small.put("/api/buckets/3", "x");

      assertThat(refused.statusCode()).isEqualTo(507);
      assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(small.get("/api/buckets/1").body()).isEqualTo(kilobyte);
      assertThat(small.put("/api/buckets/1", "smaller").statusCode()).isEqualTo(200);
      assertThat(small.put("/api/buckets/3", "x").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void oneUploadAfterAnotherNeverMeetsTheBudgetOfItsPredecessor() {
    try (RunningApp narrow =
        RunningApp.with(
            "SERVER_UPLOAD_BUDGET_BYTES", "100KiB", "STORAGE_MAX_OBJECT_BYTES", "90KiB")) {
      byte[] large = new byte[90 * 1024];
      for (int i = 0; i < 500; i++) {
        assertThat(narrow.send("PUT", "/api/buckets/1", large).statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void tooManyObjectsAreA507() {
    try (RunningApp small = RunningApp.with("STORAGE_MAX_OBJECTS", "1")) {
      small.put("/api/buckets/1", "x");

      assertThat(small.put("/api/buckets/2", "x").statusCode()).isEqualTo(507);
      assertThat(small.put("/api/buckets/1", "y").statusCode()).isEqualTo(200);
    }
  }
}
