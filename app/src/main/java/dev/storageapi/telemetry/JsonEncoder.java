package dev.storageapi.telemetry;

import java.util.regex.Pattern;

/**
 * Lines for machines, the fields of {@link LogfmtEncoder} as one flat object:
 *
 * <pre>{@code
 * {"tsp":"2026-11-21T07:00:00.123Z","lvl":"INFO","proc":"7:main","file":"App.java","line":42,"msg":"stored","id":7}
 * }</pre>
 *
 * Numbers and booleans stay what they are; NaN and the infinities, which JSON lacks, are strings.
 */
final class JsonEncoder extends LineEncoder {
  /** RFC 8259, section 6. */
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  @Override
  Line key(Line line, String key) {
    return line.ascii(line.size() == 0 ? "{\"" : ",\"").ascii(key).ascii("\":");
  }

  @Override
  void bracketed(Line line, String text) {
    line.quoted(text, Line.LIMIT);
  }

  @Override
  void value(Line line, Object value, int limit) {
    String text = text(value);
    if (text.length() <= limit && isLiteral(value, text)) {
      line.ascii(text);
    } else {
      line.quoted(text, limit);
    }
  }

  @Override
  void end(Line line) {
    line.ascii("}\n");
  }

  private static boolean isLiteral(Object value, String text) {
    return value instanceof Boolean
        || value instanceof Integer
        || value instanceof Long
        || (value instanceof Number && NUMBER.matcher(text).matches());
  }
}
