package dev.storageapi.feed;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The fields of one item, found by pointers and made to fit: ids into a path, titles into a column,
 * times into the years 1 to 9999.
 */
final class ItemFields {

  private static final int MAX_ID_CHARS = 255;
  private static final int MAX_ID_BYTES = 256;
  private static final int MAX_TITLE_CHARS = 1000;

  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("+10000-01-01T00:00:00Z");

  /** No time in seconds of those years has as many digits, every one in milliseconds since 1973. */
  private static final BigDecimal MILLISECONDS = new BigDecimal("1e11");

  private static final BigDecimal THOUSAND = new BigDecimal(1000);

  /**
   * More places, before or behind the point, than any time needs: they are not even reckoned with.
   */
  private static final int MAX_SCALE = 30;

  private final JsonPointer id;
  private final JsonPointer title;
  private final Optional<JsonPointer> time;

  ItemFields(Mapping.Pointers pointers) {
    this.id = JsonPointer.compile(pointers.id());
    this.title = JsonPointer.compile(pointers.title());
    this.time =
        pointers.time().isEmpty()
            ? Optional.empty()
            : Optional.of(JsonPointer.compile(pointers.time()));
  }

  /** The item, or none if a field is not there or does not fit. */
  Optional<Item> item(JsonNode object, String data, Instant fetchedAt) {
    Optional<String> name = id(object.at(id));
    Optional<String> heading = title(object.at(title));
    Optional<Instant> published =
        time.map(pointer -> time(object.at(pointer)))
            .orElse(Optional.of(fetchedAt.truncatedTo(ChronoUnit.MICROS)));
    if (name.isEmpty() || heading.isEmpty() || published.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Item(name.get(), heading.get(), published.get(), data));
  }

  /** A text or whole number that can be one segment of a path. */
  static Optional<String> id(JsonNode value) {
    if (!value.isTextual() && !value.isIntegralNumber()) {
      return Optional.empty();
    }
    String id = value.asText();
    boolean fits =
        !id.isEmpty()
            && id.length() <= MAX_ID_CHARS
            && !id.equals(".")
            && !id.equals("..")
            && id.chars().noneMatch(c -> c == '/' || Character.isISOControl(c))
            && isUnicode(id)
            && id.getBytes(StandardCharsets.UTF_8).length <= MAX_ID_BYTES;
    return fits ? Optional.of(id) : Optional.empty();
  }

  /** A text that is not empty; cut where it is too long, U+FFFD for what no database takes. */
  static Optional<String> title(JsonNode value) {
    if (!value.isTextual() || value.asText().isEmpty()) {
      return Optional.empty();
    }
    String title = value.asText();
    if (title.length() > MAX_TITLE_CHARS) {
      int end = MAX_TITLE_CHARS - 1;
      title = title.substring(0, end - (Character.isHighSurrogate(title.charAt(end - 1)) ? 1 : 0));
      title += '…';
    }
    return Optional.of(storable(title));
  }

  /** RFC 3339, or seconds since 1970, or milliseconds where the number is that large. */
  static Optional<Instant> time(JsonNode value) {
    try {
      Optional<Instant> time =
          value.isNumber()
              ? epoch(value.decimalValue())
              : Optional.of(OffsetDateTime.parse(value.asText()).toInstant());
      return time.filter(t -> !t.isBefore(FIRST) && t.isBefore(END))
          .map(t -> t.truncatedTo(ChronoUnit.MICROS));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<Instant> epoch(BigDecimal number) {
    if (Math.abs((long) number.scale()) > MAX_SCALE || number.precision() > MAX_SCALE) {
      return Optional.empty();
    }
    BigDecimal seconds =
        number.abs().compareTo(MILLISECONDS) < 0 ? number : number.divide(THOUSAND);
    BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
    if (whole.abs().compareTo(MILLISECONDS.multiply(THOUSAND)) > 0) {
      return Optional.empty();
    }
    long nanos = seconds.subtract(whole).movePointRight(9).longValue();
    return Optional.of(Instant.ofEpochSecond(whole.longValue(), nanos));
  }

  private static boolean isUnicode(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  private static String storable(String text) {
    if (text.indexOf('\0') < 0 && isUnicode(text)) {
      return text;
    }
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c == 0 || Character.getType(c) == Character.SURROGATE ? 0xFFFD : c)
        .forEach(clean::appendCodePoint);
    return clean.toString();
  }
}
