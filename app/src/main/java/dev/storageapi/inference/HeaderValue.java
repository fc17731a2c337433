package dev.storageapi.inference;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The value of a header with parameters, as of Content-Type and Content-Disposition (RFC 9110,
 * 5.6.6; RFC 2183).
 *
 * @param value what stands before the first semicolon, in lower case
 * @param parameters by their names in lower case; extended ones ({@code filename*}) as they were
 *     sent
 */
record HeaderValue(String value, Map<String, String> parameters) {

  private static final String TOKEN = "!#$%&'*+-.^_`|~";

  /** The value, if that is how it is written and no parameter comes twice. Takes linear time. */
  static Optional<HeaderValue> parse(String text) {
    int semicolon = text.indexOf(';');
    String value = (semicolon < 0 ? text : text.substring(0, semicolon)).strip();
    Map<String, String> parameters = new LinkedHashMap<>();
    boolean good =
        !value.isEmpty()
            && (semicolon < 0 || new Parser(text, semicolon).parametersInto(parameters));
    return good
        ? Optional.of(new HeaderValue(value.toLowerCase(Locale.ROOT), parameters))
        : Optional.empty();
  }

  static boolean isToken(String text) {
    return !text.isEmpty() && text.chars().allMatch(HeaderValue::isTokenChar);
  }

  private static boolean isTokenChar(int c) {
    return (c >= '0' && c <= '9')
        || (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || TOKEN.indexOf(c) >= 0;
  }

  /** Reads from left to right, never back. */
  private static final class Parser {

    private final String text;
    private int at;

    Parser(String text, int at) {
      this.text = text;
      this.at = at;
    }

    boolean parametersInto(Map<String, String> parameters) {
      skipSpace();
      while (at < text.length()) {
        if (text.charAt(at++) != ';') {
          return false;
        }
        skipSpace();
        if (at < text.length() && text.charAt(at) != ';' && !parameterInto(parameters)) {
          return false;
        }
        skipSpace();
      }
      return true;
    }

    private boolean parameterInto(Map<String, String> parameters) {
      String name = token().toLowerCase(Locale.ROOT);
      if (name.isEmpty() || at == text.length() || text.charAt(at++) != '=') {
        return false;
      }
      boolean quoted = at < text.length() && text.charAt(at) == '"';
      String value = quoted ? quoted() : token();
      return value != null
          && (quoted || !value.isEmpty())
          && parameters.putIfAbsent(name, value) == null;
    }

    private String token() {
      int start = at;
      while (at < text.length() && isTokenChar(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    /** What stands between the quotes; null if it does not end. */
    private String quoted() {
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == '"') {
          at++;
          return value.toString();
        }
        // Others are no escapes: some senders put a whole path of Windows into a file name.
        boolean escape = c == '\\' && at + 1 < text.length() && isEscaped(text.charAt(at + 1));
        value.append(escape ? text.charAt(++at) : c);
      }
      return null;
    }

    private static boolean isEscaped(char c) {
      return c == '"' || c == '\\';
    }

    private void skipSpace() {
      while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
        at++;
      }
    }
  }
}
