package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.testing.Alertmanager;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Alertmanager tells the simulator. */
class AlertmanagerTest {

  @Test
  void anAlertIsSeenFiringAndThenResolved(@TempDir Path folder) {
    try (RunningSimulator simulator = RunningSimulator.with();
        Alertmanager alertmanager =
            Alertmanager.start(folder, "http://127.0.0.1:" + simulator.port() + "/alerts")) {
      alertmanager.fires("FeedStale", "The feed is <old>");
      eventually(simulator, "\"status\":\"firing\"", "\"summary\":\"The feed is <old>\"");
      assertThat(body(simulator.get("/alerts", "Accept", "text/html")))
          .contains("FeedStale</h3>", "The feed is &lt;old&gt;", "for 0 s, since ");

      alertmanager.resolved("FeedStale");
      eventually(simulator, "\"alerts\":[{", "\"status\":\"resolved\"");
      assertThat(simulator.log()).noneMatch(line -> line.contains("status_code=4"));
    }
  }

  private static void eventually(RunningSimulator simulator, String... texts) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(body(simulator.get("/alerts"))).contains(texts));
  }
}
