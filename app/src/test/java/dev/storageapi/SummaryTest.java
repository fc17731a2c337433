package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code GET /} tells those who do not ask for HTML. */
class SummaryTest {

  /** Nobody listens there. */
  private static final String AWAY = "postgresql://127.0.0.1:1/storage";

  @TempDir private Path folder;

  @Test
  void everyRouteHasALineAndTheirCountsAreInOneColumn() {
    try (RunningApp app = RunningApp.with("DATABASE_URL", AWAY)) {
      List<String> counts =
          app.text("/").lines().filter(line -> line.contains("no request yet")).toList();

      assertThat(counts).anyMatch(line -> line.contains(" /datasets/{id}/reticulate "));
      assertThat(counts).anyMatch(line -> line.contains(" /api/buckets/{id} "));
      assertThat(counts).extracting(line -> line.indexOf("no request yet")).containsOnly(34);
    }
  }

  @Test
  void aDatabaseThatIsAwayIsSaidWithTheReason() {
    try (RunningApp app = RunningApp.with("DATABASE_URL", AWAY)) {
      await()
          .untilAsserted(
              () ->
                  assertThat(app.text("/").lines())
                      .anyMatch(
                          line ->
                              line.startsWith(
                                  "The database is away: PostgreSQL at 127.0.0.1:1/storage: ")));
    }
  }

  @Test
  void thePublicPortOfTwoKeepsTheReasonToItself() {
    try (RunningApp app = RunningApp.with("DATABASE_URL", AWAY, "MANAGEMENT_PORT", "0")) {
      assertThat(app.text("/").lines()).contains("The database is away.");
      assertThat(app.text("/")).contains("/docs").doesNotContain("/metrics", "/ready");
    }
  }

  @Test
  void aDatabaseThatIsThereOrNotWantedIsNotSpokenOf() {
    try (RunningApp there =
        RunningApp.with("DATABASE_URL", "jdbc:h2:file:" + folder.resolve("storage"))) {
      await().until(() -> there.get("/ready/datasets").statusCode() == 200);
      assertThat(there.text("/")).contains("/datasets").doesNotContain("database");
    }
    try (RunningApp none = RunningApp.with()) {
      assertThat(none.text("/")).doesNotContain("/datasets", "database");
    }
  }

  @Test
  void aModelIsNamedWithHowToAskIt() {
    try (RunningApp app = RunningApp.withModel().withModelLoaded()) {
      assertThat(app.text("/").lines())
          .anyMatch(line -> line.startsWith("POST    /predict "))
          .contains(
              "      curl -F file=@image.png 127.0.0.1:"
                  + app.app.port()
                  + "/predict  # the model is digits")
          .noneMatch(line -> line.contains("no model"));
    }
  }

  @Test
  void aModelThatIsNotThereIsSaidWithTheReason() {
    String nowhere = folder.resolve("nowhere.onnx").toString();
    try (RunningApp app = RunningApp.withModel("MODEL_PATH", nowhere)) {
      await()
          .untilAsserted(
              () ->
                  assertThat(app.text("/").lines())
                      .contains(
                          "There is no model to ask: MODEL_PATH is no file that can be read."));
    }
  }

  @Test
  void aModelThatIsNotWantedIsNotSpokenOf() {
    try (RunningApp app = RunningApp.with()) {
      assertThat(app.text("/")).doesNotContain("/predict", "model");
    }
  }
}
