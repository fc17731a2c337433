package dev.storageapi.telemetry;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A log line under construction. Limits and sizes are bytes of UTF-8. Quoted text is escaped in the
 * one way that is both logfmt and JSON, so nothing in it can end the line. For one thread.
 */
final class Line {
  /** No line is longer, its end included: Docker splits at 16 KB. */
  static final int LIMIT = 15_999;

  private static final int ELLIPSIS_SIZE = 3;

  private final StringBuilder text = new StringBuilder(512);
  private int size;

  int size() {
    return size;
  }

  byte[] toBytes() {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Adds text that is known to be ASCII, as it is. */
  Line ascii(String ascii) {
    text.append(ascii);
    size += ascii.length();
    return this;
  }

  Line line(Line other) {
    text.append(other.text);
    size += other.size;
    return this;
  }

  /** Adds {@link #escaped} text in quotes, which the limit does not count. */
  Line quoted(String value, int limit) {
    return ascii("\"").escaped(value, limit).ascii("\"");
  }

  /**
   * Adds text with quotes, backslashes and all that is invisible escaped: controls, line and
   * paragraph separators, format characters (bidi controls, BOM). Of a lone surrogate, which UTF-8
   * cannot hold and strict JSON readers refuse, remains an escaped U+FFFD.
   *
   * @param limit at least 3; a longer text is cut, between characters, and ends with …
   */
  Line escaped(String value, int limit) {
    return value.length() <= limit && isPlain(value) ? ascii(value) : eachEscaped(value, limit);
  }

  private Line eachEscaped(String value, int limit) {
    int end = size + limit;
    int cut = text.length();
    int cutSize = size;
    for (int i = 0; i < value.length(); i = value.offsetByCodePoints(i, 1)) {
      character(value.codePointAt(i));
      if (size > end) {
        text.setLength(cut);
        text.append('…');
        size = cutSize + ELLIPSIS_SIZE;
        return this;
      }
      if (size <= end - ELLIPSIS_SIZE) {
        cut = text.length();
        cutSize = size;
      }
    }
    return this;
  }

  /** Whether the text needs no quotes: ASCII, not empty, none of space, {@code "}, = and \. */
  static boolean isBare(String text) {
    return !text.isEmpty() && text.indexOf(' ') < 0 && text.indexOf('=') < 0 && isPlain(text);
  }

  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
        return false;
      }
    }
    return true;
  }

  private void character(int c) {
    switch (c) {
      case '"', '\\' -> ascii("\\").ascii(Character.toString(c));
      case '\n' -> ascii("\\n");
      case '\r' -> ascii("\\r");
      case '\t' -> ascii("\\t");
      default -> {
        if (c <= 0xffff && isInvisible(c)) {
          boolean lone = Character.getType(c) == Character.SURROGATE;
          ascii("\\u").ascii(HexFormat.of().toHexDigits(lone ? '\ufffd' : (char) c));
        } else {
          text.appendCodePoint(c);
          size += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        }
      }
    }
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
