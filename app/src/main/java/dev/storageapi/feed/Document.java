package dev.storageapi.feed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A document of JSON (RFC 8259) in UTF-8, of which one array is read, element by element, or one
 * object. Nothing but the bytes themselves is held, so that memory does not depend on what a
 * hostile document is made of. For one thread.
 */
final class Document implements AutoCloseable {

  private static final int MAX_DEPTH = 100;

  /** Names are not interned: an upstream may never repeat one. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .disable(JsonFactory.Feature.CHARSET_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private final byte[] bytes;
  private final JsonParser in;

  Document(byte[] bytes) throws IOException {
    this.bytes = bytes;
    this.in = FACTORY.createParser(bytes);
  }

  /**
   * Goes into the array; false if there is none.
   *
   * @throws IOException if what stands before it is no JSON
   */
  boolean enter(JsonPointer array) throws IOException {
    in.nextToken();
    return find(array) && in.currentToken() == JsonToken.START_ARRAY;
  }

  /**
   * The object that the pointer leads to, the very bytes, if there is one.
   *
   * @throws IOException if what stands up to its end is no JSON
   */
  Optional<byte[]> object(JsonPointer pointer) throws IOException {
    in.nextToken();
    return find(pointer) ? object(bytes.length) : Optional.empty();
  }

  /**
   * Goes from the value at hand down to where the pointer ends; the first of equal names counts.
   */
  private boolean find(JsonPointer pointer) throws IOException {
    if (pointer.matches()) {
      return true;
    }
    boolean object = in.currentToken() == JsonToken.START_OBJECT;
    if (!object && in.currentToken() != JsonToken.START_ARRAY) {
      return false;
    }
    for (int i = 0; !in.nextToken().isStructEnd(); i++) {
      JsonPointer rest = object ? pointer.matchProperty(in.currentName()) : pointer.matchElement(i);
      if (object) {
        in.nextToken();
      }
      if (rest != null) {
        return find(rest);
      }
      in.skipChildren();
    }
    return false;
  }

  /** Goes to the next element of the array; false at its end. */
  boolean next() throws IOException {
    return in.nextToken() != JsonToken.END_ARRAY;
  }

  /**
   * The element at hand, the very bytes, if it is an object of at most that many; read past.
   *
   * @throws IOException if it is no JSON
   */
  Optional<byte[]> object(long maxBytes) throws IOException {
    boolean object = in.currentToken() == JsonToken.START_OBJECT;
    int start = (int) in.currentTokenLocation().getByteOffset();
    in.skipChildren();
    int end = (int) in.currentLocation().getByteOffset();
    return object && end - start <= maxBytes
        ? Optional.of(Arrays.copyOfRange(bytes, start, end))
        : Optional.empty();
  }

  /**
   * Reads what stands behind the array.
   *
   * @throws IOException if it does not end the document as JSON
   */
  void end() throws IOException {
    while (!in.getParsingContext().inRoot()) {
      in.nextToken();
    }
    if (in.nextToken() != null) {
      throw new IOException("more behind the end");
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
