package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Optional;

/** What {@code GET /feed} tells; times are empty while it tells null. */
public record FeedStatus(
    Optional<Instant> lastAttempt,
    Optional<Instant> lastSuccess,
    Optional<Instant> nextFetch,
    double ageSeconds,
    int items) {

  private static final JsonMapper JSON = new JsonMapper();

  /** Asks a service, whose answer must be 200. */
  public static FeedStatus of(ServiceProcess service) {
    HttpResponse<String> answer = service.send("GET", "/feed");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    try {
      JsonNode status = JSON.readTree(answer.body());
      return new FeedStatus(
          time(status.get("last_attempt")),
          time(status.get("last_success")),
          time(status.get("next_fetch")),
          status.get("age_seconds").asDouble(),
          status.get("items").asInt());
    } catch (JsonProcessingException e) {
      throw new AssertionError(answer.body(), e);
    }
  }

  private static Optional<Instant> time(JsonNode text) {
    return text.isNull() ? Optional.empty() : Optional.of(Instant.parse(text.asText()));
  }
}
