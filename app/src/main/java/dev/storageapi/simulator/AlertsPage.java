package dev.storageapi.simulator;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The alerts for people: a page that is drawn here, has no script, and is asked for again by the
 * browser. Whatever Alertmanager told is text in it, and nothing but an http or https URL is a
 * link.
 */
final class AlertsPage {

  private static final String PAGE =
      """
      <!doctype html>
      <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>%1$s · Alerts</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="refresh" content="5">
        <link rel="icon" href="data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%%3E%%3Ccircle cx='8' cy='8' r='7' fill='%2$s'/%%3E%%3C/svg%%3E">
        <link rel="stylesheet" href="/assets/alerts.css">
      </head>
      <body>
      <header>
        <h1>Alerts</h1>
        %3$s
      </header>
      <main>
      %4$s%5$s</main>
      <footer>What Alertmanager told last, drawn at %6$s and again every 5 seconds.</footer>
      </body>
      </html>
      """;

  private static final String FIRING = "%23c22f25";
  private static final String QUIET = "%231d7a58";

  /** Told in places of their own, not in the list of annotations. */
  private static final Set<String> PLACED = Set.of("summary", "description", "runbook_url");

  private static final Set<String> HEADED = Set.of("alertname", "severity");

  private static final Pattern WEB = Pattern.compile("(?i)https?://[^\\s\\p{Cntrl}]+");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);

  private final Alerts.State state;
  private final Duration silence;
  private final Instant now;

  /**
   * A page of {@code state}.
   *
   * @param silence after what time without a word of the watchdog something is wrong
   */
  AlertsPage(Alerts.State state, Duration silence, Instant now) {
    this.state = state;
    this.silence = silence;
    this.now = now;
  }

  String html() {
    int firing = state.firing().size();
    return PAGE.formatted(
        firing == 0 ? "Nothing fires" : firing + " firing",
        firing == 0 ? QUIET : FIRING,
        watchdog(),
        section(firing == 0 ? "Nothing fires" : "Firing", state.firing()),
        state.resolved().isEmpty() ? "" : section("Resolved", state.resolved()),
        TIME.format(now));
  }

  private String watchdog() {
    if (state.watchdog().isEmpty()) {
      return "<p class=\"watchdog\">Watchdog has not been heard yet</p>";
    }
    Alert alert = state.watchdog().get();
    Duration age = Alert.since(alert.receivedAt(), now);
    String heard = "Watchdog last heard " + time(alert.receivedAt(), words(age) + " ago");
    if (!alert.isFiring()) {
      return "<p class=\"watchdog bad\">" + heard + ": it has ended, though it should never</p>";
    }
    return age.compareTo(silence) > 0
        ? "<p class=\"watchdog bad\">" + heard + ": Prometheus or Alertmanager may be down</p>"
        : "<p class=\"watchdog good\">" + heard + "</p>";
  }

  private String section(String title, List<Alert> alerts) {
    StringBuilder html = new StringBuilder("<section>\n<h2>").append(title);
    if (!alerts.isEmpty()) {
      html.append(" <small>").append(alerts.size()).append("</small>");
    }
    html.append("</h2>\n");
    alerts.forEach(alert -> html.append(article(alert)));
    return html.append("</section>\n").toString();
  }

  private String article(Alert alert) {
    String kind = alert.isFiring() ? Severity.of(alert).label() : "resolved";
    return "<article class=\"%s\">\n<h3>%s%s</h3>\n<p class=\"when\">%s</p>\n%s%s%s%s</article>\n"
        .formatted(
            kind,
            element("b", "severity", alert.severity()),
            escaped(alert.name()),
            when(alert),
            element("p", "summary", alert.annotation("summary")),
            element("p", "description", alert.annotation("description")),
            pairs(alert),
            links(alert));
  }

  private String when(Alert alert) {
    String start = time(alert.startsAt(), TIME.format(alert.startsAt()));
    return alert
        .endsAt()
        .map(
            end ->
                "resolved %s ago, after %s"
                    .formatted(
                        time(end, words(Alert.since(end, now))),
                        words(Alert.since(alert.startsAt(), end))))
        .orElseGet(() -> "for " + words(Alert.since(alert.startsAt(), now)) + ", since " + start);
  }

  private static String pairs(Alert alert) {
    StringBuilder html = new StringBuilder();
    alert.labels().forEach((name, value) -> pair(html, HEADED, name, value));
    alert.annotations().forEach((name, value) -> pair(html, PLACED, name, value));
    return html.isEmpty() ? "" : "<dl>" + html + "</dl>\n";
  }

  private static void pair(StringBuilder html, Set<String> elsewhere, String name, String value) {
    if (!elsewhere.contains(name)) {
      html.append("<div><dt>").append(escaped(name)).append("</dt><dd>");
      html.append(escaped(value)).append("</dd></div>");
    }
  }

  private static String links(Alert alert) {
    String links =
        link("Runbook", alert.annotation("runbook_url")) + link("Query", alert.generatorUrl());
    return links.isEmpty() ? "" : "<p class=\"links\">" + links + "</p>\n";
  }

  /** A link, if it leads to the web; otherwise what is there instead, as text. */
  private static String link(String title, String url) {
    if (url.isEmpty()) {
      return "";
    }
    return WEB.matcher(url).matches()
        ? "<a href=\"%s\" rel=\"noreferrer\">%s</a> ".formatted(escaped(url), title)
        : "<span>%s: %s</span> ".formatted(title, escaped(url));
  }

  private static String element(String element, String kind, String text) {
    return text.isEmpty()
        ? ""
        : "<%1$s class=\"%2$s\">%3$s</%1$s> ".formatted(element, kind, escaped(text));
  }

  private static String time(Instant time, String words) {
    return "<time datetime=\"%s\" title=\"%s\">%s</time>"
        .formatted(time.truncatedTo(ChronoUnit.SECONDS), TIME.format(time), words);
  }

  /** Such as {@code 7 s}, {@code 3 min 5 s}, {@code 2 h 3 min} or {@code 4 d 2 h}. */
  private static String words(Duration time) {
    if (time.toMinutes() == 0) {
      return time.toSeconds() + " s";
    } else if (time.toHours() == 0) {
      return time.toMinutes() + " min " + time.toSecondsPart() + " s";
    } else if (time.toDays() == 0) {
      return time.toHours() + " h " + time.toMinutesPart() + " min";
    }
    return time.toDays() + " d " + time.toHoursPart() + " h";
  }

  /** As text, and as the value of an attribute in double quotes. */
  private static String escaped(String text) {
    StringBuilder html = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      switch (text.charAt(i)) {
        case '&' -> html.append("&amp;");
        case '<' -> html.append("&lt;");
        case '>' -> html.append("&gt;");
        case '"' -> html.append("&quot;");
        case '\'' -> html.append("&#39;");
        default -> html.append(text.charAt(i));
      }
    }
    return html.toString();
  }
}
