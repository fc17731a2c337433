package dev.storageapi.feed;

import java.math.BigInteger;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the headers of an answer say to a client that comes again. Nonsense is as nothing said. */
final class AnswerHeaders {

  /** The three forms of a date, of which the last two are old (RFC 9110, 5.6.7). */
  private static final List<DateTimeFormatter> HTTP_DATES =
      List.of(
          DateTimeFormatter.RFC_1123_DATE_TIME,
          date("EEEE, dd-MMM-yy HH:mm:ss 'GMT'"),
          date("EEE MMM ppd HH:mm:ss yyyy"));

  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,30}");
  private static final Pattern COUNT = Pattern.compile("[0-9]{1,18}");
  private static final Pattern REMAINING = Pattern.compile("; *r=([0-9]{1,15})(?![0-9.])");
  private static final Pattern VALIDATOR = Pattern.compile("[ -~]{1," + Validators.MAX_CHARS + "}");

  private final HttpHeaders headers;

  AnswerHeaders(HttpHeaders headers) {
    this.headers = headers;
  }

  private static DateTimeFormatter date(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.US).withZone(ZoneOffset.UTC);
  }

  private Optional<String> value(String name) {
    return headers.firstValue(name).map(String::strip);
  }

  /** {@code ETag} and {@code Last-Modified}. */
  Validators validators() {
    return new Validators(validator("ETag"), validator("Last-Modified"));
  }

  private String validator(String name) {
    return value(name).filter(VALIDATOR.asMatchPredicate()).orElse(null);
  }

  /** Whether the body is encoded (RFC 9110, 8.4), although nothing but the plain one was wanted. */
  boolean encoded() {
    return headers.allValues("Content-Encoding").stream()
        .flatMap(value -> Stream.of(value.split(",")))
        .map(String::strip)
        .anyMatch(coding -> !coding.isEmpty() && !coding.equalsIgnoreCase("identity"));
  }

  /**
   * The requests left: of {@code X-RateLimit-Remaining}, as many have it, or {@code
   * RateLimit-Remaining}, of older versions of draft-ietf-httpapi-ratelimit-headers; else the least
   * {@code r} of {@code RateLimit}, as versions from 08 on have it: {@code "hour";r=50;t=30}.
   */
  OptionalLong quotaRemaining() {
    for (String name : List.of("X-RateLimit-Remaining", "RateLimit-Remaining")) {
      Optional<String> count = value(name).filter(COUNT.asMatchPredicate());
      if (count.isPresent()) {
        return OptionalLong.of(Long.parseLong(count.get()));
      }
    }
    return headers.allValues("RateLimit").stream()
        .flatMap(value -> REMAINING.matcher(value).results())
        .mapToLong(found -> Long.parseLong(found.group(1)))
        .min();
  }

  /**
   * {@code Retry-After} (RFC 9110, 10.2.3), of either form; zero for a date that has passed. As
   * long as the upstream likes, up to centuries.
   */
  Optional<Duration> retryAfter(Instant now) {
    String value = value("Retry-After").orElse("");
    if (SECONDS.matcher(value).matches()) {
      BigInteger seconds = new BigInteger(value).min(BigInteger.valueOf(Integer.MAX_VALUE));
      return Optional.of(Duration.ofSeconds(seconds.longValue()));
    }
    return HTTP_DATES.stream()
        .flatMap(form -> instant(form, value).stream())
        .findFirst()
        .map(date -> date.isBefore(now) ? Duration.ZERO : Duration.between(now, date));
  }

  private static Optional<Instant> instant(DateTimeFormatter form, String value) {
    try {
      return Optional.of(form.parse(value, Instant::from));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
