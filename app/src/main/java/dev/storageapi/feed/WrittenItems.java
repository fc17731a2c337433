package dev.storageapi.feed;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.storageapi.http.Json;
import dev.storageapi.http.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Reads the items that clients write: an object with {@code title} and, if wanted, {@code id},
 * {@code published_at} and {@code data}. An item as it was served can be sent back: its {@code
 * fetched_at} is passed over.
 */
final class WrittenItems {

  private static final Set<String> FIELDS =
      Set.of("id", "title", "published_at", "data", "fetched_at");

  private static final JsonPointer DATA = JsonPointer.compile("/data");

  private final long maxBytes;

  /**
   * A reader.
   *
   * @param maxBytes the most bytes of an item's data
   */
  WrittenItems(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * The item of a body.
   *
   * @param known the id that it must have; a new item without one gets one
   * @param now in microseconds, when it is published if it does not say
   * @throws Refusal with 400 if it is none
   */
  Item read(byte[] body, Optional<String> known, Instant now) {
    JsonNode object = object(body);
    if (object.propertyStream().anyMatch(field -> !FIELDS.contains(field.getKey()))) {
      throw bad("An item has title, id, published_at and data, and nothing else.");
    }
    return new Item(
        id(object.path("id"), known),
        title(object.path("title")),
        publishedAt(object.path("published_at"), now),
        data(object.path("data"), body));
  }

  private static JsonNode object(byte[] body) {
    try {
      JsonNode object = Json.read(body);
      if (object.isObject()) {
        return object;
      }
    } catch (IllegalArgumentException e) {
      throw bad("The body is " + e.getMessage() + ".");
    }
    throw bad("The body is not a JSON object.");
  }

  private static String id(JsonNode value, Optional<String> known) {
    if (isAbsent(value)) {
      return known.orElseGet(() -> UUID.randomUUID().toString());
    }
    String id =
        ItemFields.id(value)
            .filter(text -> value.isTextual())
            .orElseThrow(
                () -> bad("The id is a text of 1 to 255 characters that fit into a path."));
    if (known.filter(other -> !other.equals(id)).isPresent()) {
      throw bad("The id of the body is not that of the path.");
    }
    return id;
  }

  private static String title(JsonNode value) {
    return ItemFields.title(value)
        .filter(title -> title.equals(value.asText()))
        .orElseThrow(() -> bad("The title is a text of 1 to 1000 characters."));
  }

  private static Instant publishedAt(JsonNode value, Instant now) {
    return isAbsent(value)
        ? now
        : ItemFields.time(value)
            .filter(time -> value.isTextual())
            .orElseThrow(
                () -> bad("The published_at is a time of RFC 3339, of the years 1 to 9999."));
  }

  /** The very text that came: a parsed number would be written in other digits. */
  private String data(JsonNode value, byte[] body) {
    if (isAbsent(value)) {
      return "{}";
    }
    if (!value.isObject() || !StandardCharsets.UTF_8.newEncoder().canEncode(value.toString())) {
      throw bad("The data is an object, in Unicode.");
    }
    try (Document document = new Document(body)) {
      byte[] data = document.object(DATA).orElseThrow();
      if (data.length > maxBytes) {
        throw bad("The data may have " + maxBytes + " bytes.");
      }
      return new String(data, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // of an array that has been read before
    }
  }

  private static boolean isAbsent(JsonNode value) {
    return value.isMissingNode() || value.isNull();
  }

  private static Refusal bad(String detail) {
    return new Refusal(400, detail);
  }
}
