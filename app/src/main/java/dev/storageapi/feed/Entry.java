package dev.storageapi.feed;

import dev.storageapi.http.Json;
import java.time.Instant;

/**
 * A stored item as it is served.
 *
 * @param publishedAt in RFC 3339
 * @param data the upstream's, or the client's, own object
 * @param fetchedAt when this version of it was fetched or written, in RFC 3339
 */
record Entry(String id, String title, String publishedAt, Json.Raw data, String fetchedAt) {

  /** An item as it was stored at that time. */
  static Entry of(Item item, Instant stored) {
    return new Entry(
        item.id(),
        item.title(),
        item.publishedAt().toString(),
        new Json.Raw(item.data()),
        stored.toString());
  }
}
