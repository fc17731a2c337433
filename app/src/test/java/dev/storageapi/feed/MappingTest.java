package dev.storageapi.feed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.storageapi.feed.Mapping.Mapped;
import dev.storageapi.feed.Mapping.Pointers;
import dev.storageapi.testing.Allocation;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MappingTest {

  private static final Instant NOW = Instant.parse("2026-11-21T10:00:00.123456789Z");
  private static final Pointers USUAL = new Pointers("/documents", "/id", "/title", "/at");

  private static Mapped map(Pointers pointers, String json) {
    return new Mapping(pointers, 100, 1000).map(json.getBytes(UTF_8), NOW);
  }

  private static Mapped map(String json) {
    return map(USUAL, json);
  }

  /** The items of a document whose array has these elements. */
  private static Mapped items(String... elements) {
    return map("{\"documents\":[" + String.join(",", elements) + "]}");
  }

  private static String item(String id, String title, String at) {
    return "{\"id\":" + id + ",\"title\":" + title + ",\"at\":" + at + "}";
  }

  private static String withTime(String at) {
    return item("\"a\"", "\"A\"", at);
  }

  @Test
  void itemsAreFoundByPointersAndKeepTheirTextToTheDigit() {
    String first =
        "{ \"id\":\"a\", \"title\":\"A\\ud800\", \"at\":0, \"n\":[1.50, 1e2, -0.0, 1E400] }";
    String second =
        "{\"id\":12345678901234567890,\"title\":\"é\",\"at\":\"2026-11-21T12:00:00.5+02:00\"}";

    Mapped mapped =
        map(
            "{\"meta\":{\"documents\":1},\"documents\":["
                + first
                + ",\n"
                + second
                + "] , \"x\":{}}");

    assertThat(mapped)
        .isEqualTo(
            new Mapped(
                Outcome.SUCCESS,
                "",
                List.of(
                    new Item("a", "A\ufffd", Instant.EPOCH, first),
                    new Item(
                        "12345678901234567890",
                        "é",
                        Instant.parse("2026-11-21T10:00:00.5Z"),
                        second)),
                0));
  }

  @Test
  void pointersReachIntoObjectsAndArrays() {
    Pointers pointers = new Pointers("/a~1b/1/~0", "/ids/0", "/properties/title", "");

    Mapped mapped =
        map(
            pointers,
            "{\"a\":[],\"a/b\":[{\"~\":[]},{\"x\":[1],\"~\":[{\"ids\":[7],\"properties\":{\"title\":\"T\"}}]}]}");

    assertThat(mapped.items())
        .extracting(Item::id, Item::title, Item::publishedAt)
        .containsExactly(tuple("7", "T", Instant.parse("2026-11-21T10:00:00.123456Z")));
  }

  @Test
  void theDocumentItselfMayBeTheArray() {
    Pointers top = new Pointers("", "/id", "/title", "");

    assertThat(map(top, " [" + item("1", "\"A\"", "0") + "] ").items()).hasSize(1);
    assertThat(map(top, "{}").outcome()).isEqualTo(Outcome.INVALID);
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "\"2026-11-21T10:00:00Z\" | 2026-11-21T10:00:00Z",
        "\"2026-11-21t10:00:00.123456789z\" | 2026-11-21T10:00:00.123456Z",
        "\"2026-11-21T10:00:00-05:30\" | 2026-11-21T15:30:00Z",
        "\"0001-01-01T00:00:00Z\" | 0001-01-01T00:00:00Z",
        "\"9999-12-31T23:59:59.999999999Z\" | 9999-12-31T23:59:59.999999Z",
        "0 | 1970-01-01T00:00:00Z",
        "1795255200 | 2026-11-21T10:00:00Z",
        "1795255200.1234567 | 2026-11-21T10:00:00.123456Z",
        "1.7952552e9 | 2026-11-21T10:00:00Z",
        "1795255200123 | 2026-11-21T10:00:00.123Z",
        "1795255200123.4567 | 2026-11-21T10:00:00.123456Z",
        "100000000000 | 1973-03-03T09:46:40Z",
        "99999999999 | 5138-11-16T09:46:39Z",
        "-1.5 | 1969-12-31T23:59:58.500Z",
        "-62135596800 | 0001-01-01T00:00:00Z",
        "-1000000000000 | 1938-04-24T22:13:20Z"
      },
      delimiter = '|')
  void timesAreTextsWithAnOffsetOrSecondsOrMilliseconds(String json, Instant time) {
    assertThat(items(withTime(json)).items())
        .singleElement()
        .extracting(Item::publishedAt)
        .isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "true",
        "\"\"",
        "\"now\"",
        "\"2026-11-21\"",
        "\"2026-11-21T10:00:00\"",
        "\"2026-02-30T10:00:00Z\"",
        "\"0000-12-31T23:59:59Z\"",
        "\"0001-01-01T00:00:00+01:00\"",
        "\"9999-12-31T23:59:59-01:00\"",
        "\"+10000-01-01T00:00:00Z\"",
        "\"-0001-01-01T00:00:00Z\"",
        "-62135596801",
        "253402300800000",
        "1e30",
        "1e999999999",
        "1e-999999999",
        "-1e2147483647",
        "1e2147483648",
        "{}",
        "[0]"
      })
  void anItemWithoutAUsableTimeIsSkipped(String json) {
    Mapped mapped = items(withTime(json), item("\"b\"", "\"B\"", "0"));

    assertThat(mapped.items()).extracting(Item::id).containsExactly("b");
    assertThat(mapped.skipped()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "true",
        "1.5",
        "1e3",
        "{}",
        "\"\"",
        "\".\"",
        "\"..\"",
        "\"a/b\"",
        "\"a\\u0000b\"",
        "\"a\\nb\"",
        "\"a\\u007fb\"",
        "\"a\\u0085b\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\""
      })
  void anItemWithoutAnIdThatFitsIntoAPathIsSkipped(String json) {
    Mapped mapped = items(item(json, "\"A\"", "0"), item("\"b\"", "\"B\"", "0"));

    assertThat(mapped.items()).extracting(Item::id).containsExactly("b");
    assertThat(mapped.skipped()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a b", "...", "a\\\\b?c#d%2F", "\\ud83d\\ude00", "日本", "'; DROP TABLE x"})
  void idsThatFitAreKeptAsTheyAre(String id) {
    assertThat(items(item('"' + id + '"', "\"A\"", "0")).items()).hasSize(1);
  }

  @Test
  void idsAreLimitedInCharactersAndInBytes() {
    assertThat(items(item('"' + "a".repeat(255) + '"', "\"A\"", "0")).items()).hasSize(1);
    assertThat(items(item('"' + "a".repeat(256) + '"', "\"A\"", "0")).items()).isEmpty();
    assertThat(items(item('"' + "é".repeat(128) + '"', "\"A\"", "0")).items()).hasSize(1);
    assertThat(items(item('"' + "é".repeat(129) + '"', "\"A\"", "0")).items()).isEmpty();
    assertThat(items(item("9".repeat(256), "\"A\"", "0")).items()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "5", "\"\"", "[]"})
  void anItemWithoutATitleIsSkipped(String json) {
    assertThat(items(item("\"a\"", json, "0"), item("\"b\"", "\"B\"", "0")).skipped()).isEqualTo(1);
  }

  @Test
  void titlesAreCutAndCleanedForTheDatabase() {
    Mapping mapping = new Mapping(USUAL, 100, 100_000);
    String pair = "\ud83d\ude00";
    List<String> given =
        List.of("a".repeat(1000), "a".repeat(1001), "a".repeat(998) + pair + "b", "a\\u0000b");
    StringBuilder json = new StringBuilder("{\"documents\":[");
    for (int i = 0; i < given.size(); i++) {
      json.append(i == 0 ? "" : ",").append(item("" + i, '"' + given.get(i) + '"', "0"));
    }

    assertThat(mapping.map(json.append("]}").toString().getBytes(UTF_8), NOW).items())
        .extracting(Item::title)
        .containsExactly(
            "a".repeat(1000), "a".repeat(999) + "…", "a".repeat(998) + "…", "a\ufffdb");
  }

  @Test
  void ofOneIdTheNewestCountsAndOfEquallyNewOnesTheLast() {
    Mapped mapped =
        items(
            item("\"a\"", "\"new\"", "200"),
            item("\"b\"", "\"first\"", "5"),
            item("\"a\"", "\"old\"", "100"),
            item("\"b\"", "\"last\"", "5"));

    assertThat(mapped.items()).extracting(Item::title).containsExactly("new", "last");
    assertThat(mapped.skipped()).isZero();
  }

  @Test
  void whatIsNoObjectOrTooLargeOrHasANameTwiceIsSkipped() {
    Mapped mapped =
        items(
            "1",
            "null",
            "[{\"id\":\"x\"}]",
            "{\"id\":\"x\",\"title\":\"X\",\"at\":0,\"more\":\"" + "y".repeat(1000) + "\"}",
            "{\"id\":\"x\",\"id\":\"y\",\"title\":\"X\",\"at\":0}",
            item("\"b\"", "\"B\"", "0"));

    assertThat(mapped.items()).extracting(Item::id).containsExactly("b");
    assertThat(mapped.skipped()).isEqualTo(5);
  }

  @Test
  void anItemMayHaveAsManyBytesAsTheLimit() {
    String item = item("\"é\"", "\"A\"", "0");
    int bytes = item.getBytes(UTF_8).length;
    byte[] json = ("{\"documents\":[" + item + "]}").getBytes(UTF_8);

    assertThat(new Mapping(USUAL, 100, bytes).map(json, NOW).items()).hasSize(1);
    assertThat(new Mapping(USUAL, 100, bytes - 1).map(json, NOW).skipped()).isEqualTo(1);
  }

  @Test
  void aDocumentWithMoreItemsThanTheLimitIsTooLarge() {
    String[] hundred = new String[100];
    Arrays.setAll(hundred, i -> item("" + i, "\"A\"", "0"));

    assertThat(items(hundred).items()).hasSize(100);
    assertThat(items(String.join(",", hundred), "1"))
        .isEqualTo(new Mapped(Outcome.TOO_LARGE, "more than 100 items", List.of(), 0));
  }

  @Test
  void anEmptyArrayIsNoFault() {
    assertThat(items()).isEqualTo(new Mapped(Outcome.SUCCESS, "", List.of(), 0));
  }

  @Test
  void aDocumentOfWhichNothingCanBeUsedIsInvalid() {
    assertThat(items("1", "2"))
        .isEqualTo(new Mapped(Outcome.INVALID, "none of 2 items can be used", List.of(), 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "5",
        "\"documents\"",
        "[]",
        "{}",
        "{\"documents\":null}",
        "{\"documents\":{}}",
        "{\"documents\":5}",
        "{\"other\":[]}",
        "{\"documents\":[]",
        "{\"documents\":[1,]}",
        "{\"documents\":[{\"id\":1",
        "{\"documents\":[]}}",
        "{\"documents\":[]} {}",
        "{\"documents\":[]},",
        "{\"documents\":[]} <!-- -->",
        "\ufeff{\"documents\":[]}",
        "<html>",
        "{\"documents\":[NaN]}",
        "{'documents':[]}"
      })
  void aDocumentWithoutTheArrayIsInvalid(String json) {
    Mapped mapped = map(json);

    assertThat(mapped.outcome()).isEqualTo(Outcome.INVALID);
    assertThat(mapped.detail()).matches("not acceptable JSON|no array where the items should be");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-32"})
  void anEncodingOtherThanUtf8IsInvalid(String charset) throws Exception {
    byte[] json = "{\"documents\":[]}".getBytes(charset);

    assertThat(new Mapping(USUAL, 100, 1000).map(json, NOW).outcome()).isEqualTo(Outcome.INVALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"documents\":[", "{\"a\":", "{\"documents\":[{\"id\":"})
  void depthIsLimitedWhereverItIs(String opening) {
    assertThat(map(opening.repeat(1_000_000 / opening.length())).outcome())
        .isEqualTo(Outcome.INVALID);
  }

  @Test
  void bytesThatAreNoTextAreInvalidOrSkipped() {
    byte[] json = "{\"documents\":[{\"id\":\"?\",\"title\":\"A\",\"at\":0}]}".getBytes(UTF_8);
    for (int b : new int[] {0xff, 0xc0, 0xed, 0}) {
      json[21] = (byte) b;
      assertThat(new Mapping(USUAL, 100, 1000).map(json, NOW).items()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"[],", "{},", "{\"a\":[]},", "1,"})
  void memoryDoesNotDependOnWhatADocumentIsMadeOf(String piece) {
    byte[] elsewhere = fiveMegabytes("{\"other\":[", piece, "0],\"documents\":[]}");
    byte[] item = fiveMegabytes("{\"documents\":[{\"a\":[", piece, "0]}]}");
    assertThat(map("{\"documents\":[]}").outcome())
        .isEqualTo(Outcome.SUCCESS); // classes are loaded

    long before = Allocation.bytes();
    Mapped first = new Mapping(USUAL, 100, 1000).map(elsewhere, NOW);
    Mapped second = new Mapping(USUAL, 100, 1000).map(item, NOW);
    long allocated = Allocation.bytes() - before;

    assertThat(first.outcome()).isEqualTo(Outcome.SUCCESS);
    assertThat(second.detail()).isEqualTo("none of 1 items can be used");
    assertThat(allocated).isLessThan(1_000_000);
  }

  private static byte[] fiveMegabytes(String start, String piece, String end) {
    return (start + piece.repeat(5_000_000 / piece.length()) + end).getBytes(UTF_8);
  }
}
