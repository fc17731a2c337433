package dev.storageapi.testing;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an access-log line in logfmt tells, as far as traces tell it as well.
 *
 * @param micros the duration, in microseconds
 * @param traceId empty if the request was not traced
 * @param spanId empty if the request was not traced
 */
public record AccessLine(
    String method, String path, int status, long micros, String traceId, String spanId) {

  private static final Pattern FIELDS =
      Pattern.compile(
          ".* msg=\"request\" .* method=(\\S+) path=(\\S+) status_code=(\\d+) duration_ms=(\\S+) .*"
              + " trace_id=(\\w+|\"\") span_id=(\\w+|\"\").*");

  /** Reads a line; fails if it is none of a request. */
  public static AccessLine of(String line) {
    Matcher fields = FIELDS.matcher(line);
    if (!fields.matches()) {
      throw new IllegalArgumentException(line);
    }
    return new AccessLine(
        fields.group(1),
        fields.group(2),
        Integer.parseInt(fields.group(3)),
        Math.round(Double.parseDouble(fields.group(4)) * 1e3),
        fields.group(5).replace("\"\"", ""),
        fields.group(6).replace("\"\"", ""));
  }
}
