package dev.storageapi.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerHeadersTest {

  private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

  private static AnswerHeaders headers(String... namesAndValues) {
    Map<String, List<String>> map = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.computeIfAbsent(namesAndValues[i], name -> new ArrayList<>()).add(namesAndValues[i + 1]);
    }
    return new AnswerHeaders(HttpHeaders.of(map, (name, value) -> true));
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "0 | PT0S",
        "30 | PT30S",
        " 007 | PT7S",
        "99999999999999999999 | PT596523H14M7S",
        "Sat, 21 Nov 2026 10:01:30 GMT | PT1M30S",
        "Saturday, 21-Nov-26 10:01:30 GMT | PT1M30S",
        "Sat Nov 21 10:01:30 2026 | PT1M30S",
        "Tue Dec  1 10:00:00 2026 | PT240H",
        "Sat, 21 Nov 2026 09:00:00 GMT | PT0S"
      },
      delimiter = '|')
  void retryAfterComesInSecondsOrAsADate(String value, Duration wait) {
    assertThat(headers("Retry-After", value).retryAfter(NOW)).contains(wait);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "0x10",
        "\u0663\u0660",
        "Fri, 21 Nov 2026 10:01:30 GMT", // a Saturday
        "Sat, 21 Nov 2026 25:01:30 GMT",
        "2026-11-21T10:01:30Z",
        "30, 40"
      })
  void nonsenseInRetryAfterIsAsNothing(String value) {
    assertThat(headers("Retry-After", value).retryAfter(NOW)).isEmpty();
    assertThat(headers().retryAfter(NOW)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "X-RateLimit-Remaining | 59 | 59",
        "x-ratelimit-remaining | 0 | 0",
        "RateLimit-Remaining | 7 | 7",
        "RateLimit | \"default\";r=50;t=30 | 50",
        "RateLimit | \"minute\";r=9;t=3, \"day\"; r=4000;t=9 | 9",
        "RateLimit | \"default\";t=30;r=0 | 0"
      },
      delimiter = '|',
      quoteCharacter = '\'')
  void whatIsLeftOfAQuotaIsRead(String name, String value, long left) {
    assertThat(headers(name, value).quotaRemaining()).isEqualTo(OptionalLong.of(left));
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "X-RateLimit-Remaining | many",
        "X-RateLimit-Remaining | -1",
        "X-RateLimit-Remaining | 9999999999999999999",
        "RateLimit-Remaining | 1.5",
        "RateLimit | default",
        "RateLimit | \"default\";r=1.5",
        "RateLimit | \"default\";rest=5"
      },
      delimiter = '|',
      quoteCharacter = '\'')
  void nonsenseAboutAQuotaIsAsNothing(String name, String value) {
    assertThat(headers(name, value).quotaRemaining()).isEmpty();
  }

  @Test
  void aHeaderThatIsNonsenseLeavesTheNextToSpeak() {
    assertThat(
            headers(
                    "X-RateLimit-Remaining",
                    "?",
                    "RateLimit",
                    "\"a\";r=5",
                    "RateLimit",
                    "\"b\";r=3")
                .quotaRemaining())
        .hasValue(3);
  }

  @Test
  void validatorsAreKeptAsTheyCame() {
    assertThat(
            headers("ETag", "W/\"x y\"", "Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT")
                .validators())
        .isEqualTo(new Validators("W/\"x y\"", "Sat, 21 Nov 2026 10:00:00 GMT"));
  }

  @Test
  void validatorsThatCouldNotBeSentBackAreDropped() {
    assertThat(headers().validators()).isEqualTo(Validators.NONE);
    assertThat(headers("ETag", "\"\u00e9\"", "Last-Modified", "").validators())
        .isEqualTo(Validators.NONE);
    assertThat(headers("ETag", "x".repeat(255)).validators().etag()).hasSize(255);
    assertThat(headers("ETag", "x".repeat(256)).validators().etag()).isNull();
    assertThat(headers("ETag", "a\u0000b").validators().etag()).isNull();
  }
}
