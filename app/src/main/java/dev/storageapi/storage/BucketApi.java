package dev.storageapi.storage;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Storage API: PUT, GET and DELETE of {@code /api/buckets/{id}}.
 *
 * <p>Its DELETE answers 500 although it did what was asked: the deliberate fault that people are to
 * find by what the service shows of itself. {@code docs/the-500s.md} tells the story.
 */
public final class BucketApi {

  /** The longest id, in bytes of its UTF-8 form. */
  public static final int MAX_ID_BYTES = 256;

  private static final Logger log = LoggerFactory.getLogger(BucketApi.class);

  private final BucketStore store;
  private final int deleteStatus;

  /**
   * The API of {@code store}.
   *
   * @param deleteStatus what a DELETE that removed something answers: 500 as the original, or 204
   */
  public BucketApi(BucketStore store, int deleteStatus) {
    this.store = store;
    this.deleteStatus = deleteStatus;
  }

  /** Stores the body as the object: 200, or 507 where the store has no room. */
  public Response put(Request request) {
    return switch (store.put(id(request), request.body())) {
      case STORED -> Response.empty(200);
      case FULL -> throw new Refusal(507, "The store is full. What it held before is untouched.");
    };
  }

  /** The stored bytes: 200, or 404. */
  public Response get(Request request) {
    return store
        .get(id(request))
        .map(object -> Response.bytes(200, "application/octet-stream", object))
        .orElseGet(() -> error(404, "not found"));
  }

  /** Removes the object: the configured status, or 400 where there is none. */
  public Response delete(Request request) {
    String id = id(request);
    return switch (store.remove(id)) {
      case REMOVED -> removed(id);
      case ABSENT -> error(400, "bad request");
    };
  }

  private Response removed(String id) {
    if (deleteStatus >= 500) {
      log.atWarn()
          .addKeyValue("bucket_id", id)
          .addKeyValue("answered", deleteStatus)
          .log("the object is deleted, yet the answer is an error: see docs/the-500s.md");
    }
    return Response.empty(deleteStatus);
  }

  private static String id(Request request) {
    String id = request.variable("id");
    if (id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
      throw new Refusal(400, "An id may have " + MAX_ID_BYTES + " bytes.");
    }
    return id;
  }

  private static Response error(int status, String error) {
    return Response.json(status, Map.of("error", error));
  }
}
