package dev.storageapi.feed;

import com.fasterxml.jackson.core.JsonPointer;
import dev.storageapi.http.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes items of a document by JSON pointers (RFC 6901). What is no item is skipped: no object, no
 * usable id, title or time, beyond the limit of bytes, or not acceptable to {@link Json#read}. Of
 * items with one id the newest counts, of equally new ones the last. Safe for use by several
 * threads.
 */
public final class Mapping {

  /**
   * Where things are.
   *
   * @param items the array, from the top of the document; empty if the document is the array
   * @param id a text or a whole number, from the top of an item
   * @param title a text, likewise
   * @param time when it was published, likewise; empty if items have no time: then it is the time
   *     of the fetch
   */
  public record Pointers(String items, String id, String title, String time) {}

  /**
   * What was made of a document.
   *
   * @param outcome success; invalid if it is no JSON, has no array where it should be, or has items
   *     but none that can be used; too large if it has more items than the limit: which of them to
   *     leave out is not ours to choose, and a larger limit is all it takes
   * @param detail for people who read logs; repeats nothing of the document
   * @param items none but with success, each id once
   * @param skipped how many could not be used
   */
  record Mapped(Outcome outcome, String detail, List<Item> items, int skipped) {}

  private final Pointers pointers;
  private final JsonPointer array;
  private final ItemFields fields;
  private final int maxItems;
  private final long maxItemBytes;

  /**
   * A mapping.
   *
   * @param maxItems the most items of a document
   * @param maxItemBytes the most bytes of one item's object
   * @throws IllegalArgumentException if a pointer that is not empty begins without a slash
   */
  public Mapping(Pointers pointers, int maxItems, long maxItemBytes) {
    this.pointers = pointers;
    this.array = JsonPointer.compile(pointers.items());
    this.fields = new ItemFields(pointers);
    this.maxItems = maxItems;
    this.maxItemBytes = maxItemBytes;
  }

  /** A short name for what this makes of a document: another one makes other items of the same. */
  String key() {
    String all =
        String.join(
            "\0",
            pointers.items(),
            pointers.id(),
            pointers.title(),
            pointers.time(),
            Long.toString(maxItemBytes));
    return UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8)).toString();
  }

  /** The items of a document that was fetched at that time. */
  Mapped map(byte[] json, Instant fetchedAt) {
    try (Document document = new Document(json)) {
      return map(document, fetchedAt);
    } catch (IOException e) {
      return none(Outcome.INVALID, "not acceptable JSON", 0); // its message repeats the input
    }
  }

  private Mapped map(Document document, Instant fetchedAt) throws IOException {
    if (!document.enter(array)) {
      return none(Outcome.INVALID, "no array where the items should be", 0);
    }
    Map<String, Item> items = new LinkedHashMap<>();
    int seen = 0;
    int skipped = 0;
    while (document.next()) {
      if (++seen > maxItems) {
        return none(Outcome.TOO_LARGE, "more than " + maxItems + " items", 0);
      }
      Optional<Item> item = document.object(maxItemBytes).flatMap(o -> item(o, fetchedAt));
      item.ifPresent(i -> items.merge(i.id(), i, Mapping::newer));
      skipped += item.isEmpty() ? 1 : 0;
    }
    document.end();
    return seen > 0 && skipped == seen
        ? none(Outcome.INVALID, "none of " + seen + " items can be used", skipped)
        : new Mapped(Outcome.SUCCESS, "", List.copyOf(items.values()), skipped);
  }

  private Optional<Item> item(byte[] object, Instant fetchedAt) {
    try {
      String data = new String(object, StandardCharsets.UTF_8);
      return fields.item(Json.read(object), data, fetchedAt);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // a name twice, a number beyond all measure
    }
  }

  private static Item newer(Item one, Item other) {
    return one.publishedAt().isAfter(other.publishedAt()) ? one : other;
  }

  private static Mapped none(Outcome outcome, String detail, int skipped) {
    return new Mapped(outcome, detail, List.of(), skipped);
  }
}
