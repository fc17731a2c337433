package dev.storageapi.feed;

/**
 * What a conditional request sends back (RFC 9110, 8.8), as it came: printable ASCII, at most
 * {@value #MAX_CHARS} characters.
 *
 * @param etag goes into {@code If-None-Match}; null for none
 * @param lastModified goes into {@code If-Modified-Since}; null for none
 */
record Validators(String etag, String lastModified) {

  /** The longest that is kept of either; a longer one is as none. */
  static final int MAX_CHARS = 255;

  /** Nothing is known: the request is unconditional. */
  static final Validators NONE = new Validators(null, null);

  /** These, and where one is missing that of {@code older}. */
  Validators or(Validators older) {
    return new Validators(
        etag == null ? older.etag : etag, lastModified == null ? older.lastModified : lastModified);
  }
}
