package dev.storageapi.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

final class LineEncoderTest {
  private static final int ROUNDS = 20_000; // of five hostile strings each
  private static final String[] HOSTILE = {
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\u001b[31m",
    "\0",
    "\u007f",
    "\u0085",
    "\u009b",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\u202e",
    "\u2066",
    "\u200f",
    "\ud83d",
    "\ude00",
    "😀",
    "é",
    "漢",
    "\uffff",
    "\"",
    "\\",
    "\\n",
    "=",
    " ",
    "'",
    "{}",
    "{",
    "}",
    ",",
    ":",
    "[",
    "]",
    "a",
    "Z",
    "7",
    "_",
    ".",
    "-",
    "lvl",
    "msg",
    "\" lvl=[ERROR] msg=\"",
    "\",\"lvl\":\"ERROR",
    "\\u000a",
    "…"
  };
  private static final String[] FIXED = {"tsp", "lvl", "proc", "file", "line", "msg"};

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final LoggerContext context = new LoggerContext();
  private final Random random = new Random(14);

  LineEncoderTest() {
    context.setMDCAdapter(new LogbackMDCAdapter());
  }

  /** What one event was made of. */
  private record Hostile(String message, String value, String thread, LoggingEvent event) {}

  @Test
  void anyInputIsOneLineOfLogfmt() throws IOException {
    LineEncoder encoder = new LogfmtEncoder();
    for (int i = 0; i < ROUNDS; i++) {
      Hostile hostile = hostile();
      String line = line(encoder.encode(hostile.event));
      check(hostile, logfmt(line));
    }
  }

  @Test
  void anyInputIsOneLineOfJson() throws IOException {
    LineEncoder encoder = new JsonEncoder();
    for (int i = 0; i < ROUNDS; i++) {
      Hostile hostile = hostile();
      String line = line(encoder.encode(hostile.event));
      Map<String, String> fields = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> field : JSON.readTree(line).properties()) {
        fields.put(field.getKey(), field.getValue().asText());
      }
      check(hostile, fields);
    }
  }

  @Test
  void aLineOfLogfmtReadsLikeTheContract() {
    LoggingEvent event = event("say \"hi\"", null);
    event.setThreadName("http worker 1");
    event.setTimeStamp(1_795_244_400_120L);
    event.setCallerData(
        new StackTraceElement[] {new StackTraceElement("App", "run", "App.java", 42)});
    event.setKeyValuePairs(pairs());
    event.setMDCPropertyMap(Map.of("id", "not this"));
    assertThat(line(new LogfmtEncoder().encode(event)))
        .isEqualTo(
            "tsp=2026-11-21T07:00:00.120Z lvl=[INFO] proc=["
                + ProcessHandle.current().pid()
                + ":http-worker-1] file=App.java line=42 msg=\"say \\\"hi\\\"\""
                + " id=7 ratio=0.5 nan=NaN ok=true none=\"\" text=\"a b\" lvl_=ERROR id_=8\n");
  }

  @Test
  void aLineOfJsonKeepsNumbersAndBooleans() {
    LoggingEvent event = event("stored", null);
    event.setCallerData(new StackTraceElement[0]);
    event.setKeyValuePairs(pairs());
    assertThat(line(new JsonEncoder().encode(event)))
        .contains("\"lvl\":\"INFO\"", "\"file\":\"?\",\"line\":0,\"msg\":\"stored\"")
        .endsWith(
            ",\"id\":7,\"ratio\":0.5,\"nan\":\"NaN\",\"ok\":true,\"none\":\"\",\"text\":\"a b\","
                + "\"lvl_\":\"ERROR\",\"id_\":8}\n");
  }

  @Test
  void anExceptionIsItsMessageFramesCausesAndSuppressed() throws IOException {
    Exception failure = new IllegalStateException("outer", new IOException("inner"));
    failure.addSuppressed(new IOException("beside"));
    Map<String, String> fields = logfmt(line(new LogfmtEncoder().encode(event("failed", failure))));
    assertThat(fields.get("exception"))
        .startsWith("java.lang.IllegalStateException: outer\n\tat dev.storageapi.telemetry.")
        .contains("Suppressed: java.io.IOException: beside")
        .contains("Caused by: java.io.IOException: inner");
  }

  @Test
  void whatIsTooLongIsCut() throws IOException {
    LoggingEvent event = event("é".repeat(9_000), new IOException("x".repeat(50_000)));
    event.addKeyValuePair(new KeyValuePair("value", "y".repeat(9_000)));
    event.addKeyValuePair(new KeyValuePair("left_out", "z".repeat(9_000)));
    Map<String, String> fields = logfmt(line(new LogfmtEncoder().encode(event)));
    assertThat(fields.get("msg").getBytes(UTF_8).length).isBetween(2_040, 2_048);
    assertThat(fields.get("exception").getBytes(UTF_8).length).isEqualTo(12 * 1024);
    assertThat(fields.values()).filteredOn(value -> value.endsWith("…")).hasSize(3);
    assertThat(fields).doesNotContainKey("left_out");
  }

  @Test
  void aValueThatCannotSayWhatItIsLosesNoEvent() {
    Object broken =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException();
          }
        };
    LoggingEvent event = event("kept", null);
    event.addKeyValuePair(new KeyValuePair("broken", broken));
    assertThat(line(new LogfmtEncoder().encode(event)))
        .endsWith(" broken=" + broken.getClass().getName() + "\n");
  }

  private static List<KeyValuePair> pairs() {
    return List.of(
        new KeyValuePair("id", 7),
        new KeyValuePair("ratio", 0.5),
        new KeyValuePair("nan", Double.NaN),
        new KeyValuePair("ok", true),
        new KeyValuePair("none", null),
        new KeyValuePair("text", "a b"),
        new KeyValuePair("lvl", "ERROR"),
        new KeyValuePair("id", 8));
  }

  private LoggingEvent event(String message, Throwable thrown) {
    LoggingEvent event =
        new LoggingEvent("?", context.getLogger("test"), Level.INFO, message, thrown, null);
    return event;
  }

  private Hostile hostile() {
    String message = text();
    String value = text();
    String thread = text();
    LoggingEvent event =
        event(message, random.nextInt(8) > 0 ? null : new IOException(text(), new Error(value)));
    event.setThreadName(thread);
    event.setCallerData(
        new StackTraceElement[] {new StackTraceElement("A", "b", text(), random.nextInt())});
    event.setKeyValuePairs(
        List.of(new KeyValuePair(text(), value), new KeyValuePair(text(), text())));
    event.setMDCPropertyMap(Map.of(text(), text()));
    return new Hostile(message, value, thread, event);
  }

  private String text() {
    int length = random.nextInt(200) == 0 ? random.nextInt(20_000) : random.nextInt(12);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      if (random.nextInt(10) == 0) {
        text.append((char) random.nextInt(0x10000));
      } else {
        text.append(HOSTILE[random.nextInt(HOSTILE.length)]);
      }
    }
    return text.toString();
  }

  /** Strictly decoded: one line, its line feed at the end, short enough, nothing invisible. */
  private static String line(byte[] bytes) {
    assertThat(bytes.length).isLessThan(16_000);
    try {
      String line = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
      assertThat(INVISIBLE.matcher(line.substring(0, line.length() - 1)).find()).isFalse();
      return line;
    } catch (CharacterCodingException e) {
      throw new AssertionError(e);
    }
  }

  private static final Pattern INVISIBLE =
      Pattern.compile("[\\p{Cntrl}\\u0080-\\u009f\u2028\u2029\ufeff\u200e\u200f\u202a-\u202e]");

  private static void check(Hostile hostile, Map<String, String> fields) {
    List<String> keys = new ArrayList<>(fields.keySet());
    assertThat(keys).startsWith(FIXED);
    boolean failed = keys.remove("exception");
    assertThat(failed).isEqualTo(hostile.event.getThrowableProxy() != null);
    List<String> expected = new ArrayList<>(expectedKeys(hostile.event));
    List<String> actual = keys.subList(FIXED.length, keys.size());
    if (failed) { // may leave no room for every pair
      assertThat(expected).containsAll(actual);
    } else {
      assertThat(actual).isEqualTo(expected);
      assertSame(fields.get(expected.get(0)), hostile.value);
    }
    assertSame(fields.get("msg"), hostile.message);
    assertThat(fields.get("proc")).doesNotContain(" ", "=", "\"", "\\");
  }

  /** The same up to a cut, with '?' for lone surrogates and U+FFFD. */
  private static void assertSame(String actual, String original) {
    String whole = new String(original.getBytes(UTF_8), UTF_8).replace('\ufffd', '?');
    String comparable = actual.replace('\ufffd', '?');
    if (comparable.equals(whole)) {
      return;
    }
    assertThat(comparable).endsWith("…");
    assertThat(whole).startsWith(comparable.substring(0, comparable.length() - 1));
    assertThat(comparable.length()).isGreaterThan(200);
  }

  private static Set<String> expectedKeys(LoggingEvent event) {
    Set<String> fixed = Set.of("tsp", "lvl", "proc", "file", "line", "msg", "exception");
    Set<String> keys = new LinkedHashSet<>();
    for (KeyValuePair pair : event.getKeyValuePairs()) {
      String key = sanitised(pair.key);
      while (fixed.contains(key) || !keys.add(key)) {
        key += "_";
      }
    }
    for (String name : event.getMDCPropertyMap().keySet()) {
      String key = sanitised(name);
      keys.add(fixed.contains(key) ? key + "_" : key);
    }
    return keys;
  }

  private static String sanitised(String key) {
    String cut = key.substring(0, Math.min(key.length(), 100));
    StringBuilder safe = new StringBuilder(cut.isEmpty() ? "_" : "");
    cut.chars()
        .mapToObj(Character::toString)
        .map(c -> c.matches("[\\w.-]") ? c : "_")
        .forEach(safe::append);
    return safe.toString();
  }

  private static final Pattern PAIR =
      Pattern.compile(
          "([A-Za-z0-9_.-]+)=(?:\"((?:[^\"\\\\]|\\\\[\"\\\\nrt]|\\\\u[0-9a-f]{4})*+)\"|([^ \"=\\\\]+))"
              + "([ \\n])");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-f]{4})|(.))");

  /** A strict reader: pairs, one space between, a line feed at the end, no key twice. */
  private static Map<String, String> logfmt(String line) {
    Map<String, String> fields = new LinkedHashMap<>();
    Matcher pair = PAIR.matcher(line);
    int end = 0;
    while (pair.find(end) && pair.start() == end) {
      String value = pair.group(2) == null ? pair.group(3) : unescaped(pair.group(2));
      assertThat(fields.put(pair.group(1), value)).as("twice: %s", pair.group(1)).isNull();
      end = pair.end();
    }
    assertThat(end).as("read up to here of: %s", line).isEqualTo(line.length());
    return fields;
  }

  private static String unescaped(String quoted) {
    return ESCAPE
        .matcher(quoted)
        .replaceAll(
            escape ->
                Matcher.quoteReplacement(
                    escape.group(1) != null
                        ? String.valueOf((char) Integer.parseInt(escape.group(1), 16))
                        : switch (escape.group(2)) {
                          case "n" -> "\n";
                          case "r" -> "\r";
                          case "t" -> "\t";
                          default -> escape.group(2);
                        }));
  }
}
