package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.http.Json;
import dev.storageapi.testing.Told;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code docs/simulator.md} promises of Alertmanager's notifications. */
class AlertsTest {

  private final RunningSimulator simulator = RunningSimulator.with();

  @AfterEach
  void close() {
    simulator.close();
  }

  private static HttpResponse<byte[]> tell(RunningSimulator simulator, String notification) {
    return simulator.post("/alerts", notification, "Content-Type", "application/json");
  }

  private void tell(Told... alerts) {
    assertThat(tell(simulator, Told.notification(alerts)).statusCode()).isEqualTo(204);
  }

  private static JsonNode json(RunningSimulator simulator) {
    return Json.read(simulator.get("/alerts").body());
  }

  private static List<String> fingerprints(JsonNode answer) {
    List<String> all = new ArrayList<>();
    answer.get("alerts").forEach(alert -> all.add(alert.get("fingerprint").textValue()));
    return all;
  }

  private String page() {
    return body(simulator.get("/alerts", "Accept", "text/html,*/*"));
  }

  @Test
  void anAlertIsShownAsItWasTold() {
    tell(Told.alert("FeedStale").severity("ticket").annotation("summary", "The feed is old"));

    assertThat(body(simulator.get("/alerts")))
        .isEqualTo(
            "{\"alerts\":[{\"fingerprint\":\"FeedStale\",\"status\":\"firing\","
                + "\"labels\":{\"alertname\":\"FeedStale\",\"severity\":\"ticket\"},"
                + "\"annotations\":{\"summary\":\"The feed is old\"},"
                + "\"starts_at\":\"2026-11-21T07:50:00Z\",\"ends_at\":null,"
                + "\"received_at\":\"2026-11-21T07:53:59Z\"}],\"watchdog\":null}\n");
  }

  @Test
  void whatIsToldLaterOfAnAlertReplacesWhatWasTold() {
    tell(Told.alert("FeedStale"), Told.alert("HeapNearlyFull"));
    simulator.pass(Duration.ofSeconds(30));
    tell(Told.alert("FeedStale").resolved("2026-11-21T08:54:20+01:00"));

    JsonNode answer = json(simulator);
    assertThat(fingerprints(answer)).containsExactly("HeapNearlyFull", "FeedStale");
    assertThat(answer.at("/alerts/1/status").textValue()).isEqualTo("resolved");
    assertThat(answer.at("/alerts/1/ends_at").textValue()).isEqualTo("2026-11-21T07:54:20Z");
    assertThat(answer.at("/alerts/1/received_at").textValue()).isEqualTo("2026-11-21T07:54:29Z");
    assertThat(page())
        .contains(
            "<title>1 firing · Alerts</title>", "Resolved", "9 s</time> ago, after 4 min 20 s");
  }

  @Test
  void theWorstComesFirstThenTheNewestAndResolvedOnesLast() {
    tell(
        Told.alert("gone").severity("page").resolved("2026-11-21T07:51:00Z"),
        Told.alert("unknown"),
        Told.alert("old-ticket").severity("ticket").since("2026-11-20T07:00:00Z"),
        Told.alert("ticket").severity("warning"),
        Told.alert("old-page").severity("page").since("2026-11-19T00:00:00Z"),
        Told.alert("gone-last").resolved("2026-11-21T07:52:00Z"),
        Told.alert("page").severity("critical"));

    assertThat(fingerprints(json(simulator)))
        .containsExactly(
            "page", "old-page", "ticket", "old-ticket", "unknown", "gone-last", "gone");
  }

  @Test
  void thePageTellsWhatPeopleNeedAtOnce() {
    tell(
        Told.alert("HighErrorRatio")
            .severity("page")
            .label("path", "/api/buckets/{id}")
            .annotation("summary", "Many errors")
            .annotation("description", "More than there should be.")
            .annotation("panel", "the third")
            .annotation("runbook_url", "http://localhost:5050/runbooks/HighErrorRatio?a=1&b"));

    assertThat(page())
        .contains(
            "<article class=\"page\">",
            "page</b> HighErrorRatio</h3>",
            "for 3 min 59 s, since ",
            "2026-11-21 07:50:00 UTC",
            "<p class=\"summary\">Many errors</p>",
            "<p class=\"description\">More than there should be.</p>",
            "<dt>path</dt><dd>/api/buckets/{id}</dd>",
            "<dt>panel</dt><dd>the third</dd>",
            "<a href=\"http://localhost:5050/runbooks/HighErrorRatio?a=1&amp;b\"",
            "<meta http-equiv=\"refresh\" content=\"5\">");
  }

  @Test
  void thePageIsForBrowsersAndRunsNothing() {
    HttpResponse<byte[]> page = simulator.get("/alerts", "Accept", "text/html");

    assertThat(header(page, "Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(header(page, "Content-Security-Policy"))
        .startsWith("default-src 'none'; style-src 'self'; img-src data:;")
        .doesNotContain("script", "unsafe");
    for (HttpResponse<byte[]> answer : List.of(page, simulator.get("/alerts", "Accept", "*/*"))) {
      assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
      assertThat(header(answer, "Vary")).isEqualTo("Accept");
    }
    assertThat(page()).contains("Nothing fires").contains("href=\"/assets/alerts.css\"");
    HttpResponse<byte[]> style = simulator.get("/assets/alerts.css");
    assertThat(header(style, "Content-Type")).isEqualTo("text/css; charset=utf-8");
    assertThat(body(style)).contains("prefers-color-scheme: dark");
  }

  @Test
  void whateverIsToldIsTextOnThePage() {
    String evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;";
    tell(
        Told.alert(evil)
            .severity(evil)
            .label(evil, evil)
            .annotation("summary", evil)
            .annotation("description", evil)
            .annotation(evil, evil)
            .annotation("runbook_url", "https://" + evil.replace(" ", ""))
            .generator("https://x/" + evil.replace(" ", "")));

    assertThat(page())
        .doesNotContain("<script", "<img", evil)
        .contains("<article class=\"other\">")
        .contains(
            "<dt>&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x"
                + " onerror=alert(1)&gt;&amp;amp;</dt>")
        .contains("<a href=\"https://&quot;&#39;&gt;&lt;script&gt;");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "javascript:alert(1)",
        "JavaScript:alert(1)//http://x",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "//elsewhere/",
        "/runbooks/FeedStale",
        "http:",
        "http://x/ y",
        "http://x/\ny",
        "\u0000http://x"
      })
  void whatLeadsNotToTheWebIsNoLink(String url) {
    tell(Told.alert("any").annotation("runbook_url", url).generator(url));

    assertThat(page()).contains("<span>Runbook: ", "<span>Query: ").doesNotContain("<a ");
  }

  @Test
  void theWatchdogIsApart() {
    assertThat(page()).contains("<p class=\"watchdog\">Watchdog has not been heard yet</p>");
    tell(Told.alert("Watchdog").severity("none"), Told.alert("FeedStale"));
    simulator.pass(Duration.ofMinutes(5));
    assertThat(page()).contains("<p class=\"watchdog good\">Watchdog last heard ", "5 min 0 s ago");
    assertThat(fingerprints(json(simulator))).containsExactly("FeedStale");
    assertThat(json(simulator).at("/watchdog/status").textValue()).isEqualTo("firing");
    simulator.pass(Duration.ofSeconds(1));
    assertThat(page())
        .contains("<p class=\"watchdog bad\">")
        .contains("5 min 1 s ago</time>: Prometheus or Alertmanager may be down");
    tell(Told.alert("Watchdog").resolved("2026-11-21T07:55:00Z"));
    assertThat(page()).contains("0 s ago</time>: it has ended, though it should never");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "hello",
        "{\"version\":\"4\"}",
        "{\"version\":\"3\",\"alerts\":[]}",
        "{\"alerts\":[]}",
        "{\"version\":\"4\",\"alerts\":{}}",
        "{\"version\":\"4\",\"alerts\":[null]}",
        "{\"version\":\"4\",\"alerts\":[7]}",
        "{\"version\":\"4\",\"version\":\"4\",\"alerts\":[]}",
        "{\"version\":\"4\",\"alerts\":[]} " + "{\"version\":\"4\",\"alerts\":[]}"
      })
  void whatIsNoNotificationIsRefused(String body) {
    HttpResponse<byte[]> answer = tell(simulator, body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"status\":\"firing\"        | \"status\":\"burning\"",
        "\"status\":\"firing\"        | \"status\":null",
        "2026-11-21T07:50:00Z         | yesterday",
        "2026-11-21T07:50:00Z         | 2026-11-21T07:50:00",
        "2026-11-21T07:50:00Z         | -999999999-01-01T00:00:00+18:00",
        "2026-11-21T07:50:00Z         | +10000-01-01T00:00:00Z",
        "\"fingerprint\":\"any\"      | \"fingerprint\":\"\"",
        "\"fingerprint\":\"any\"      | \"fingerprint\":7",
        "\"fingerprint\":\"any\"      | \"other\":\"any\"",
        "\"labels\":{                 | \"labels\":[],\"others\":{",
        "\"alertname\":\"any\"        | \"alertname\":{}",
        "\"annotations\":{            | \"annotations\":\"x\",\"others\":{",
        "\"generatorURL\":\"\"        | \"generatorURL\":[1]"
      })
  void aNotificationWithAnAlertThatIsNoneIsRefusedWhole(String what, String instead) {
    String good = Told.notification(Told.alert("other"), Told.alert("any"));
    int at = good.lastIndexOf(what);
    assertThat(at).as(good).isPositive();

    HttpResponse<byte[]> answer =
        tell(simulator, good.substring(0, at) + instead + good.substring(at + what.length()));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(fingerprints(json(simulator))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonp"})
  void whatAPageOfAnotherSiteCouldSendIsRefused(String type) {
    String good = Told.notification(Told.alert("any"));

    assertThat(simulator.post("/alerts", good, "Content-Type", type).statusCode()).isEqualTo(400);
    assertThat(simulator.post("/alerts", good, "X-Other", "1").statusCode()).isEqualTo(400);
    assertThat(fingerprints(json(simulator))).isEmpty();
  }

  @Test
  void jsonOfManyLevelsIsRefused() {
    String deep = "[".repeat(50_000) + "]".repeat(50_000);

    assertThat(tell(simulator, deep).statusCode()).isEqualTo(400);
    assertThat(tell(simulator, "{\"version\":\"4\",\"alerts\":" + deep + "}").statusCode())
        .isEqualTo(400);
  }

  @Test
  void aBodyOfAMegabyteIsRefused() {
    Told large = Told.alert("any").annotation("summary", "x".repeat(1 << 20));

    assertThat(tell(simulator, Told.notification(large)).statusCode()).isEqualTo(413);
    try (RunningSimulator own = RunningSimulator.with("SIMULATOR_MAX_NOTIFICATION_BYTES", "2MiB")) {
      HttpResponse<byte[]> answer = tell(own, Told.notification(large));

      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(body(answer)).contains("may have 8192 characters");
      assertThat(json(own).get("alerts")).isEmpty();
    }
  }

  @Test
  void halfACharacterSpoilsNothing() {
    String half = "\\ud83d";
    String told = Told.notification(Told.alert("any").annotation("summary", "HALF"));

    assertThat(tell(simulator, told.replace("HALF", half)).statusCode()).isEqualTo(204);
    assertThat(json(simulator).at("/alerts/0/annotations/summary").textValue()).isEqualTo("?");
    assertThat(page()).contains("<p class=\"summary\">?</p>");
  }

  @Test
  void timesBeyondAllMeasureAreBorne() {
    tell(
        Told.alert("old").since("0000-01-01T00:00:00Z"),
        Told.alert("young").since("9999-12-31T23:59:59Z"));

    assertThat(page()).contains("old</h3>", "young</h3>", "for 0 s, since ");
  }

  @Test
  void ofTenThousandAlertsTheNewest200AreRemembered() {
    tell(Told.alert("first-gone").resolved("2026-11-21T07:51:00Z"), Told.alert("first"));
    for (int i = 0; i < 10_000; i += 500) {
      tell(
          IntStream.range(i, i + 500)
              .mapToObj(n -> Told.alert("n" + n).resolved("2026-11-21T07:51:00Z"))
              .toArray(Told[]::new));
    }

    List<String> kept = fingerprints(json(simulator));
    assertThat(kept).hasSize(200).contains("first", "n9999", "n9801").doesNotContain("n9800");
    assertThat(page().split("<article ", -1)).hasSize(201);
  }

  @Test
  void whereAllFireThatGoesWhichWasToldLongestAgo() {
    try (RunningSimulator own = RunningSimulator.with("SIMULATOR_MAX_ALERTS", "2")) {
      for (String name : List.of("a", "b", "a", "c")) {
        tell(own, Told.notification(Told.alert(name)));
      }

      assertThat(fingerprints(json(own))).containsExactlyInAnyOrder("a", "c");
    }
  }

  @Test
  void aThousandLabelsAreRefusedThoughTheyAreShort() {
    Told many = Told.alert("any");
    IntStream.range(0, 1000).forEach(n -> many.label("l" + n, ""));

    HttpResponse<byte[]> answer = tell(simulator, Told.notification(many));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(body(answer)).contains("may have 8192 characters");
  }

  @Test
  void ofLargeAlertsThereAreFewer() {
    String large = "x".repeat(8000);
    for (int i = 0; i < 100; i++) {
      tell(Told.alert("large" + i).annotation("summary", large));
    }
    assertThat(fingerprints(json(simulator))).hasSize(50).contains("large99", "large50");

    tell(Told.alert("large99"), Told.alert("small"));
    assertThat(fingerprints(json(simulator))).hasSize(51).contains("large50", "small");
  }

  @Test
  void aPageFullOfWhatMustBeEscapedIsStillAPage() {
    tell(Told.alert("any").annotation("summary", "\"".repeat(8000)));

    assertThat(page().getBytes(UTF_8)).hasSizeBetween(48_000, 60_000);
  }
}
