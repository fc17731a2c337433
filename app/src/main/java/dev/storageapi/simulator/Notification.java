package dev.storageapi.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.http.Json;
import dev.storageapi.http.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads what Alertmanager sends to a webhook, version 4 of its format:
 *
 * <pre>{@code
 * {"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"FeedStale"},
 *  "annotations":{"summary":"…"},"startsAt":"2026-11-21T07:53:59Z","endsAt":"0001-01-01T00:00:00Z",
 *  "generatorURL":"http://…","fingerprint":"c6eb6e5fa6b4f6d1"}],…}
 * }</pre>
 *
 * Members that are not read here may be there or not.
 */
final class Notification {

  /** What one alert may take. */
  static final int MAX_CHARACTERS = 8192;

  private static final int MAX_FINGERPRINT = 64;

  /** RFC 3339 has years of four digits; what is far beyond them can be parsed, but not shown. */
  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");

  private static final Instant END = Instant.parse("+10000-01-01T00:00:00Z");

  private Notification() {}

  /**
   * The alerts of a notification.
   *
   * @param now when it has come
   * @throws Refusal with 400 if it is none
   */
  static List<Alert> read(byte[] body, Instant now) {
    JsonNode told = json(body);
    JsonNode alerts = told.path("alerts");
    if (!told.path("version").asText().equals("4") || !alerts.isArray()) {
      throw bad("The body is not a notification of Alertmanager, version 4.");
    }
    List<Alert> all = new ArrayList<>();
    alerts.forEach(alert -> all.add(alert(alert, now)));
    return all;
  }

  private static JsonNode json(byte[] body) {
    try {
      return Json.read(body);
    } catch (IllegalArgumentException e) {
      throw bad("The body is " + e.getMessage() + ".");
    }
  }

  private static Alert alert(JsonNode told, Instant now) {
    Instant start = time(told.path("startsAt"));
    String fingerprint = text(told.path("fingerprint"));
    if (fingerprint.isEmpty() || fingerprint.length() > MAX_FINGERPRINT) {
      throw bad("The fingerprint of an alert is a text of up to 64 characters.");
    }
    Alert alert =
        new Alert(
            fingerprint,
            texts(told.path("labels")),
            texts(told.path("annotations")),
            start,
            end(told),
            text(told.path("generatorURL")),
            now);
    if (alert.size() > MAX_CHARACTERS) {
      throw bad(
          "The labels and annotations of an alert may have " + MAX_CHARACTERS + " characters.");
    }
    return alert;
  }

  private static Optional<Instant> end(JsonNode told) {
    return switch (told.path("status").asText()) {
      case "firing" -> Optional.empty();
      case "resolved" -> Optional.of(time(told.path("endsAt")));
      default -> throw bad("The status of an alert is firing or resolved.");
    };
  }

  private static Instant time(JsonNode value) {
    String text = value.asText();
    try {
      Instant time = OffsetDateTime.parse(text).toInstant();
      if (time.isBefore(FIRST) || !time.isBefore(END)) {
        throw new DateTimeException(text);
      }
      return time;
    } catch (DateTimeException e) {
      throw bad("The startsAt and endsAt of an alert are times of RFC 3339.");
    }
  }

  private static Map<String, String> texts(JsonNode values) {
    if (!values.isObject() && !isAbsent(values)) {
      throw bad("Labels and annotations are objects.");
    }
    Map<String, String> texts = new TreeMap<>();
    values.properties().forEach(e -> texts.put(whole(e.getKey()), text(e.getValue())));
    return texts;
  }

  private static String text(JsonNode value) {
    if (!value.isTextual() && !isAbsent(value)) {
      throw bad("What an alert says of itself is text.");
    }
    return whole(value.asText(""));
  }

  /** Half a surrogate pair can be written in JSON, but not in UTF-8: it becomes a question mark. */
  private static String whole(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private static boolean isAbsent(JsonNode value) {
    return value.isMissingNode() || value.isNull();
  }

  private static Refusal bad(String detail) {
    return new Refusal(400, detail);
  }
}
