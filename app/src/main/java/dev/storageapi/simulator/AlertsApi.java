package dev.storageapi.simulator;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A receiver for Alertmanager: {@code POST /alerts} is its webhook, and {@code GET /alerts} shows
 * what it told, so that alerts are seen where there is no pager and no chat. In memory, and
 * bounded: by the number of alerts, and by 2048 characters for each on average; a notification, by
 * the route's limit of a body (413). Safe for use by many threads.
 */
public final class AlertsApi {

  private static final String POLICY =
      "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private static final String STYLE = "alerts.css";

  private final Alerts alerts;
  private final Duration silence;
  private final Clock clock;

  private record Shown(
      String fingerprint,
      String status,
      Map<String, String> labels,
      Map<String, String> annotations,
      String startsAt,
      String endsAt,
      String receivedAt) {

    static Shown of(Alert alert) {
      return new Shown(
          alert.fingerprint(),
          alert.isFiring() ? "firing" : "resolved",
          alert.labels(),
          alert.annotations(),
          alert.startsAt().toString(),
          alert.endsAt().map(Instant::toString).orElse(null),
          alert.receivedAt().toString());
    }
  }

  private record Answer(List<Shown> alerts, Shown watchdog) {}

  /**
   * A receiver.
   *
   * @param max how many alerts it remembers
   * @param silence after what time without a word of the watchdog the page says so
   */
  public AlertsApi(int max, Duration silence, Clock clock) {
    this.alerts = new Alerts(max);
    this.silence = silence;
    this.clock = clock;
  }

  /**
   * Takes a notification: 204, or 400 for what is none. One at a time, since a tree of nodes is
   * many times its text.
   */
  public synchronized Response receive(Request request) {
    // A page of another site may send anything but this without being asked first.
    String type = Optional.ofNullable(request.header("Content-Type")).orElse("");
    if (!type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
      throw new Refusal(400, "Send a notification as application/json, as Alertmanager does.");
    }
    alerts.take(Notification.read(request.body(), clock.instant()));
    return Response.empty(204);
  }

  /**
   * The page for browsers, JSON for everybody else: firing ones first, the watchdog apart. One at a
   * time as well: while a page is drawn it takes several times its length.
   */
  public synchronized Response show(Request request) {
    String accept = request.header("Accept");
    boolean html = accept != null && accept.contains("text/html");
    return (html ? page() : json()).with("Vary", "Accept").with("Cache-Control", "no-store");
  }

  private Response page() {
    String html = new AlertsPage(alerts.state(), silence, clock.instant()).html();
    return Response.bytes(200, "text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8))
        .with("Content-Security-Policy", POLICY)
        .with("Referrer-Policy", "no-referrer");
  }

  private Response json() {
    Alerts.State state = alerts.state();
    List<Shown> shown =
        Stream.concat(state.firing().stream(), state.resolved().stream()).map(Shown::of).toList();
    return Response.json(200, new Answer(shown, state.watchdog().map(Shown::of).orElse(null)));
  }

  /** What the page loads. */
  public Response style(Request request) {
    try (InputStream in = AlertsApi.class.getResourceAsStream(STYLE)) {
      return Response.bytes(200, "text/css; charset=utf-8", in.readAllBytes())
          .with("Cache-Control", "max-age=300");
    } catch (IOException e) {
      throw new UncheckedIOException(e); // it is in the jar
    }
  }
}
