package dev.storageapi.simulator;

import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * By what a client can ask whether it has the answer already (RFC 9110, 8.8 and 13).
 *
 * @param etag the strong entity tag, quotes included
 * @param modified when the answer last changed, in whole seconds
 */
record Validators(String etag, Instant modified) {

  private static final Pattern TAG = Pattern.compile("(?:W/)?(\"[^\"]*\")");

  /** IMF-fixdate (RFC 9110, 5.6.7); a date in another form is ignored. */
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  static Validators of(Documents.Page page) {
    return new Validators(
        '"' + page.version() + '"', page.published().truncatedTo(ChronoUnit.SECONDS));
  }

  /** Whether the answer to {@code request} is 304. {@code If-None-Match} decides where it is. */
  boolean holdFor(Request request) {
    List<String> tags = request.headers().get("If-None-Match");
    if (tags != null) {
      return tags.stream().anyMatch(this::isAmong);
    }
    return date(request.header("If-Modified-Since"))
        .filter(since -> !modified.isAfter(since))
        .isPresent();
  }

  private boolean isAmong(String tags) {
    return tags.strip().equals("*")
        || TAG.matcher(tags).results().anyMatch(tag -> tag.group(1).equals(etag));
  }

  private static Optional<Instant> date(String text) {
    try {
      return Optional.ofNullable(text).map(date -> HTTP_DATE.parse(date, Instant::from));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** {@code response} with both in its head. */
  Response on(Response response) {
    return response.with("ETag", etag).with("Last-Modified", HTTP_DATE.format(modified));
  }
}
