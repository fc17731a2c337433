package dev.storageapi.http;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** The id that names one request in its answer, its log lines and its problem details. */
final class RequestId {

  private static final Pattern ACCEPTED = Pattern.compile("[A-Za-z0-9-]{8,64}");

  private RequestId() {}

  /** The caller's id if it has the accepted form, else a new one of 32 hexadecimal digits. */
  static String of(String callers) {
    if (callers != null && ACCEPTED.matcher(callers).matches()) {
      return callers;
    }
    ThreadLocalRandom random = ThreadLocalRandom.current();
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
  }
}
