package dev.storageapi.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.slf4j.event.KeyValuePair;

/**
 * Turns an event into one line that no input can break or forge: the fixed fields, then the event's
 * own pairs, then those of the caller's context (MDC) whose key is not already there, last {@code
 * exception}. The formats differ only in how they write a key and a value.
 *
 * <p>A message or value is cut at 2 KB, an exception at 12 KB, and what is cut ends with …; pairs
 * that no longer fit into {@link Line#LIMIT} are left out. Keys keep only {@code [A-Za-z0-9_.-]}; a
 * pair named like an earlier one or a fixed field gets {@code _} appended.
 *
 * <p>Safe for use by many threads at once; must run on the thread that logs.
 */
abstract class LineEncoder {
  private static final Set<String> FIXED =
      Set.of("tsp", "lvl", "proc", "file", "line", "msg", "exception");
  private static final int VALUE_LIMIT = 2 * 1024;
  private static final int EXCEPTION_LIMIT = 12 * 1024;
  private static final int NAME_LENGTH = 100;
  private static final int SHORTEST_VALUE = 8;
  private static final StackTraceElement UNKNOWN = new StackTraceElement("?", "?", "?", 0);
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private record Stamp(long millis, String text) {}

  private final String process = ProcessHandle.current().pid() + ":";
  private volatile Stamp stamp = new Stamp(0, "1970-01-01T00:00:00.000Z");

  /** Starts a field: what separates it from the one before, and its key. */
  abstract Line key(Line line, String key);

  /** Writes the value of {@code lvl} or {@code proc}, which logfmt puts in brackets. */
  abstract void bracketed(Line line, String text);

  /** Writes any other value, of at most {@code limit} bytes without quotes. */
  abstract void value(Line line, Object value, int limit);

  /** Ends the line, in at most two bytes. */
  abstract void end(Line line);

  /** The event as UTF-8, at most {@link Line#LIMIT} bytes; its only line feed is the last. */
  final byte[] encode(ILoggingEvent event) {
    Line line = new Line();
    fixed(line, event);
    if (event.getThrowableProxy() == null) {
      pairs(line, event, Line.LIMIT - "}\n".length());
    } else {
      Line exception = exception(event.getThrowableProxy());
      pairs(line, event, Line.LIMIT - " \"exception\":}\n".length() - exception.size());
      key(line, "exception").line(exception);
    }
    end(line);
    return line.toBytes();
  }

  /** The value as text: "" for null, and of what cannot say what it is, its class. */
  static String text(Object value) {
    try {
      String text = value == null ? "" : value.toString();
      return text == null ? "" : text;
    } catch (RuntimeException e) {
      return value.getClass().getName();
    }
  }

  private void fixed(Line line, ILoggingEvent event) {
    StackTraceElement[] callers = event.getCallerData();
    StackTraceElement caller = callers == null || callers.length == 0 ? UNKNOWN : callers[0];
    value(key(line, "tsp"), time(event.getTimeStamp()), VALUE_LIMIT);
    bracketed(key(line, "lvl"), event.getLevel().toString());
    bracketed(key(line, "proc"), process + name(event.getThreadName()));
    value(key(line, "file"), name(caller.getFileName()), VALUE_LIMIT);
    value(key(line, "line"), Math.max(0, caller.getLineNumber()), VALUE_LIMIT);
    key(line, "msg").quoted(text(event.getFormattedMessage()), VALUE_LIMIT);
  }

  private void pairs(Line line, ILoggingEvent event, int end) {
    List<String> used = new ArrayList<>(16);
    List<KeyValuePair> own = event.getKeyValuePairs();
    for (KeyValuePair pair : own == null ? List.<KeyValuePair>of() : own) {
      pair(line, used, unused(used, pair.key), pair.value, end);
    }
    for (Map.Entry<String, String> pair : event.getMDCPropertyMap().entrySet()) {
      String key = unused(List.of(), pair.getKey());
      if (!used.contains(key)) {
        pair(line, used, key, pair.getValue(), end);
      }
    }
  }

  private void pair(Line line, List<String> used, String key, Object value, int end) {
    int limit = Math.min(VALUE_LIMIT, end - line.size() - key.length() - " \"\":\"\"".length());
    if (limit >= SHORTEST_VALUE) {
      used.add(key);
      value(key(line, key), value, limit);
    }
  }

  private static String unused(List<String> used, String key) {
    String free = text(key).isEmpty() ? "_" : word(key, LineEncoder::isKey, '_');
    while (FIXED.contains(free) || used.contains(free)) {
      free += "_";
    }
    return free;
  }

  private static boolean isName(int c) {
    return Character.isLetterOrDigit(c) || (c > ' ' && c < 0x7f && "\"=\\".indexOf(c) < 0);
  }

  private static boolean isKey(int c) {
    return c < 0x7f && (Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '-');
  }

  /** The name of a thread or file, with '-' for spaces, controls, and what else needs quotes. */
  private static String name(String text) {
    return word(text == null ? "?" : text, LineEncoder::isName, '-');
  }

  private static String word(String text, IntPredicate kept, char other) {
    if (text.length() <= NAME_LENGTH && isAll(text, kept)) {
      return text;
    }
    char[] word = text.substring(0, Math.min(text.length(), NAME_LENGTH)).toCharArray();
    for (int i = 0; i < word.length; i++) {
      word[i] = kept.test(word[i]) ? word[i] : other;
    }
    return new String(word);
  }

  private static boolean isAll(String text, IntPredicate kept) {
    for (int i = 0; i < text.length(); i++) {
      if (!kept.test(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static Line exception(IThrowableProxy thrown) {
    return new Line().quoted(ThrowableProxyUtil.asString(thrown).stripTrailing(), EXCEPTION_LIMIT);
  }

  private String time(long millis) {
    Stamp last = stamp;
    if (last.millis != millis) {
      last = new Stamp(millis, TIME.format(Instant.ofEpochMilli(millis)));
      stamp = last;
    }
    return last.text;
  }
}
