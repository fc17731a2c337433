package dev.storageapi.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @Test
  void aDocumentIsReadWithTheDigitsOfItsNumbers() {
    assertThat(Json.read(utf8("{\"a\":[1.10,12345678901234567890,\"é\"]}")))
        .hasToString("{\"a\":[1.10,12345678901234567890,\"é\"]}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "nul",
        "{",
        "{}{}",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "{'a':1}",
        "[\"\t\"]",
        "[NaN]",
        "[01]",
        "[1e99999999999]",
        "[1e-99999999999999]"
      })
  void whatIsNoJsonIsRefusedWithoutRepeatingIt(String text) {
    assertThatThrownBy(() -> Json.read(utf8(text)))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .message()
        .matches(
            "nothing where JSON should be|not acceptable JSON(: a number .*| at byte -?\\d+)?");
  }

  @Test
  void depthAndDigitsHaveLimits() {
    assertThat(Json.read(utf8("[".repeat(100) + "]".repeat(100))).size()).isEqualTo(1);
    assertThatThrownBy(() -> Json.read(utf8("[".repeat(100_000))))
        .isExactlyInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Json.read(utf8("9".repeat(1_000_000))))
        .isExactlyInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-32BE", "UTF-32LE", "x-UTF-32BE-BOM"})
  void nothingButUtf8IsRead(String charset) {
    assertThatThrownBy(() -> Json.read("{\"a\":1}".getBytes(Charset.forName(charset))))
        .isExactlyInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() {
    byte[][] wrong = {
      {'"', (byte) 0xff, '"'},
      {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}, // half of a surrogate pair
      {'"', (byte) 0xc0, (byte) 0xae, '"'}, // a dot in two bytes
      {0, 0, 0, '{', 127, 127, 127, 127} // as UTF-32 beyond Unicode
    };
    for (byte[] bytes : wrong) {
      assertThatThrownBy(() -> Json.read(bytes))
          .isExactlyInstanceOf(IllegalArgumentException.class);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
