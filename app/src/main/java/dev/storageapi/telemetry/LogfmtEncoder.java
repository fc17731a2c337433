package dev.storageapi.telemetry;

/**
 * Lines for people, and for tools that read <a href="https://brandur.org/logfmt">logfmt</a>:
 *
 * <pre>{@code
 * tsp=2026-11-21T07:00:00.123Z lvl=[INFO] proc=[7:main] file=App.java line=42 msg="stored" id=7
 * }</pre>
 *
 * A value is bare when {@link Line#isBare(String)}, else quoted; {@code msg} is always quoted.
 */
final class LogfmtEncoder extends LineEncoder {
  @Override
  Line key(Line line, String key) {
    return line.ascii(line.size() == 0 ? "" : " ").ascii(key).ascii("=");
  }

  @Override
  void bracketed(Line line, String text) {
    line.ascii("[").escaped(text, Line.LIMIT).ascii("]");
  }

  @Override
  void value(Line line, Object value, int limit) {
    String text = text(value);
    if (text.length() <= limit && Line.isBare(text)) {
      line.ascii(text);
    } else {
      line.quoted(text, limit);
    }
  }

  @Override
  void end(Line line) {
    line.ascii("\n");
  }
}
