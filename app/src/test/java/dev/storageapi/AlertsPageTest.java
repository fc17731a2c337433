package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.Told;
import org.junit.jupiter.api.Test;

/** The page of the alerts in a real browser. */
class AlertsPageTest {

  /** In one step each: the page may draw itself anew between two. */
  private static final String HEADS =
      "return [...document.querySelectorAll('h2, h3')].map(e => e.innerText).join(', ')";

  private static final String SUMMARY = "return document.querySelector('.summary').innerText";
  private static final String ELEMENTS_OF_OTHERS =
      "return document.querySelectorAll('#mine, main a, script, [onclick]').length";
  private static final String TITLE = "return document.title";
  private static final String SIZE =
      "return getComputedStyle(document.querySelector('h3')).fontSize";

  @Test
  void itFollowsWhatIsToldByItselfAndRunsNothingOfIt() {
    try (RunningSimulator simulator = RunningSimulator.with();
        Browser browser = new Browser()) {
      browser.open("http://127.0.0.1:" + simulator.port() + "/alerts");
      eventually(browser, HEADS, "Nothing fires");

      tell(
          simulator,
          Told.alert("HighErrorRatio")
              .severity("x\" onclick=\"document.title='run'")
              .annotation("summary", "<script>document.title='run'</script><b id=mine>x</b>")
              .annotation("runbook_url", "javascript:document.title='run'"));

      eventually(browser, HEADS, "Firing 1, x\" onclick=\"document.title='run' HighErrorRatio");
      eventually(browser, SUMMARY, "<script>document.title='run'</script><b id=mine>x</b>");
      eventually(browser, ELEMENTS_OF_OTHERS, 0L);
      eventually(browser, TITLE, "1 firing · Alerts");
      eventually(browser, SIZE, "17.6px"); // the sheet is applied

      tell(simulator, Told.alert("HighErrorRatio").resolved("2026-11-21T07:53:00Z"));

      eventually(browser, HEADS, "Nothing fires, Resolved 1, HighErrorRatio");
      assertThat(browser.complaints()).isEmpty();
    }
  }

  private static void eventually(Browser browser, String script, Object expected) {
    Browser.eventually()
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(browser.run(script)).isEqualTo(expected));
  }

  private static void tell(RunningSimulator simulator, Told alert) {
    assertThat(
            simulator
                .post("/alerts", Told.notification(alert), "Content-Type", "application/json")
                .statusCode())
        .isEqualTo(204);
  }
}
