package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the demo asks the model about. */
class DemoDigitsTest {

  private static final int OF_EACH = 20;

  @Test
  void theModelReadsNearlyAllOfThem() {
    Random random = new Random(1);
    int right = 0;
    try (RunningApp app = RunningApp.withModel().withModelLoaded()) {
      for (int i = 0; i < OF_EACH * DemoDigits.COUNT; i++) {
        int digit = i % DemoDigits.COUNT;
        byte[] form = DemoDigits.form(DemoDigits.png(digit, random));
        String answer =
            RunningApp.body(
                app.send("POST", "/predict", form, "Content-Type", DemoDigits.CONTENT_TYPE));
        right += answer.contains("\"prediction\":{\"class_id\":" + digit + ",") ? 1 : 0;
      }
    }
    assertThat(right).isBetween(OF_EACH * DemoDigits.COUNT * 9 / 10, OF_EACH * DemoDigits.COUNT);
  }

  @Test
  void whatIsUnfitIsRefused() {
    try (RunningApp app = RunningApp.withModel().withModelLoaded()) {
      assertThat(
              app.send(
                      "POST",
                      "/predict",
                      DemoDigits.unfit(),
                      "Content-Type",
                      DemoDigits.CONTENT_TYPE)
                  .statusCode())
          .isEqualTo(400);
    }
  }
}
