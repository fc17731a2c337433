package dev.storageapi.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.inference.Multipart.Part;
import dev.storageapi.testing.ImageFiles;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which bodies are multipart/form-data, and what is found in them. */
class MultipartTest {

  private static final int MAX_PARTS = 20;
  private static final int MAX_HEADER = 8 * 1024;
  private static final String TYPE = "multipart/form-data; boundary=xyz";
  private static final String FILE =
      """
      --xyz
      Content-Disposition: form-data; name="file"; filename="cat.png"
      Content-Type: image/png

      PIXELS
      --xyz--
      """;

  @Test
  void theFileIsFound() {
    assertThat(content(FILE)).isEqualTo("PIXELS");
    assertThat(find(TYPE, FILE)).map(Part::contentType).contains("image/png");
    assertThat(find(TYPE, FILE)).map(Part::name).contains("file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "multipart/form-data; boundary=xyz",
        "Multipart/Form-Data;BOUNDARY=xyz",
        "multipart/form-data; boundary=\"xyz\"",
        "multipart/form-data; charset=utf-8; boundary=xyz;",
        "multipart/form-data ; boundary=xyz",
      })
  void typesMayBeWrittenInSeveralWays(String type) {
    assertThat(find(type, FILE)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "image/png",
        "multipart/mixed; boundary=xyz",
        "multipart/form-dat",
        "multipart/form-data boundary=xyz"
      })
  void otherBodiesHaveNoFile(String type) {
    assertThat(find(type, FILE)).isEmpty();
  }

  @Test
  void aBodyWithoutATypeHasNoFile() {
    assertThat(find(null, FILE)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"xyz",
        "multipart/form-data; boundary=\"xyz \"",
        "multipart/form-data; boundary=\"x\u00e4z\"",
        "multipart/form-data; boundary=\"x\r\nz\"",
        "multipart/form-data; boundary=xyz; boundary=abc",
        "multipart/form-data; boundary=xyz/abc",
        "multipart/form-data; =xyz",
        "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
      })
  void aBoundaryThatIsNoneIsRefused(String type) {
    assertMalformed(type, lines(FILE));
  }

  @Test
  void aBoundaryMayHaveSeventyCharacters() {
    String boundary = "'()+_,-./:=? ".repeat(5) + "abcde";
    String body = FILE.replace("xyz", boundary);
    assertThat(boundary).hasSize(70);
    assertThat(find("multipart/form-data; boundary=\"" + boundary + "\"", body)).isPresent();
  }

  @Test
  void whatIsBeforeAndBehindDoesNotMatter() {
    assertThat(content("preamble\n--xy\n--xyzz is none\n".replace("--xyzz", "-xyzz") + FILE))
        .isEqualTo("PIXELS");
    assertThat(content("\n" + FILE)).isEqualTo("PIXELS");
    assertThat(content(FILE + "epilogue\n--xyz\nnonsense")).isEqualTo("PIXELS");
    assertThat(content(FILE.replace("--xyz\n", "--xyz \t \n"))).isEqualTo("PIXELS");
  }

  @Test
  void theFirstPartOfTheNameIsTaken() {
    String body =
        "--xyz\nContent-Disposition: form-data; name=other\n\nOTHER\n"
            + FILE.replace("--xyz--", "--xyz")
            + "content-disposition: form-data; name=\"file\"\n\nSECOND\n--xyz--\n";
    assertThat(content(body)).isEqualTo("PIXELS");
  }

  @Test
  void withoutAPartOfTheNameThereIsNoFile() {
    assertThat(find(TYPE, FILE.replace("\"file\"", "\"files\""))).isEmpty();
    assertThat(find(TYPE, "--xyz--")).isEmpty();
  }

  @Test
  void bytesAreKeptAsTheyAre() {
    byte[] all = new byte[256 * 4];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) (i * (i / 256 + 1));
    }
    byte[] almost = lines("\n--xy\n--xy-\n\n-\n--");
    byte[] body = around(ImageFiles.concat(all, almost));
    Part part = Multipart.find(TYPE, body, "file", MAX_PARTS, MAX_HEADER).orElseThrow();
    assertThat(Arrays.copyOfRange(body, part.offset(), part.offset() + part.length()))
        .isEqualTo(ImageFiles.concat(all, almost));
  }

  @Test
  void anEmptyFileIsOne() {
    assertThat(content(FILE.replace("PIXELS", ""))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "form-data; name=file",
        "Form-Data;NAME=\"file\"",
        "form-data; filename=\"a;b\\\"; name=\\\"x\"; name=\"file\"",
        "form-data; filename=\"C:\\dir\\cat.png\"; name=\"file\"",
        "form-data; name=\"file\"; filename=\"%22.png\"; filename*=UTF-8''%e2%82%ac.png",
        "form-data; name=\"\\file\"",
        "form-data; name=\"file\"; filename=\"k\u00e4tzchen \u732b.png\"",
      })
  void dispositionsMayBeWrittenInSeveralWays(String disposition) {
    String body = FILE.replaceAll("form-data;.*", disposition.replace("\\", "\\\\"));
    String name = disposition.contains("\\file") ? "\\file" : "file";
    byte[] bytes = lines(body);
    assertThat(Multipart.find(TYPE, bytes, name, MAX_PARTS, MAX_HEADER)).isPresent();
  }

  @Test
  void namesMayHaveQuotesAndLettersOfAllLanguages() {
    byte[] body = lines(FILE.replace("\"file\"", "\"\\\"\u732b\\\\\""));
    assertThat(Multipart.find(TYPE, body, "\"\u732b\\", MAX_PARTS, MAX_HEADER)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attachment; name=\"file\"",
        "form-data",
        "form-data; filename=\"cat.png\"",
        "form-data; name=",
        "form-data; name=\"file",
        "form-data; name=\"file\" filename=cat.png",
        "form-data; name=\"file\"; name=\"other\"",
        "form-data; name",
        "",
      })
  void aPartWithoutItsNameIsRefused(String disposition) {
    assertMalformed(TYPE, lines(FILE.replaceAll("form-data;.*", disposition)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--xyz",
        "--xyz\n",
        "--xy--",
        "nothing of the kind",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz-",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS--xyz--",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyzjunk\n\n--xyz--",
        "--xyzjunk\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\n\nPIXELS\n--xyz--",
        "--xyz\nContent-Type: image/png\n\nPIXELS\n--xyz--",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\n--xyz--",
        "--xyz\nContent-Disposition: form-data;\n name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\nContent-Disposition : form-data; name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\nno colon\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\n: no name\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\nX: \u0000\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\nX: a\rb\nContent-Disposition: form-data; name=\"file\"\n\nPIXELS\n--xyz--",
        "--xyz\nContent-Disposition: form-data; name=\"file\"\nContent-Type:\n\nPIXELS\n--xyz--",
      })
  void brokenBodiesAreRefused(String body) {
    assertMalformed(TYPE, lines(body));
  }

  @Test
  void aHeaderMayNotComeTwice() {
    String type = "Content-Type: image/png\n";
    assertMalformed(TYPE, lines(FILE.replace(type, type + "content-type: text/html\n")));
  }

  @Test
  void lineEndsWithoutCarriageReturnsAreRefused() {
    assertMalformed(TYPE, FILE.getBytes(StandardCharsets.UTF_8));
    assertMalformed(TYPE, FILE.replaceFirst("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theLimitOfPartsCountsAlsoBehindTheFile() {
    String part = "--xyz\nContent-Disposition: form-data; name=\"x\"\n\n\n";
    String begin = FILE.replace("--xyz--\n", "");
    assertThat(content(begin + part.repeat(MAX_PARTS - 1) + "--xyz--")).isEqualTo("PIXELS");
    assertMalformed(TYPE, lines(begin + part.repeat(MAX_PARTS) + "--xyz--"));
    assertMalformed(TYPE, lines(begin + part.repeat(10_000) + "--xyz--"));
  }

  @Test
  void whatIsBrokenBehindTheFileIsRefused() {
    assertMalformed(TYPE, lines(FILE.replace("--xyz--", "--xyz") + "\n\n--xyz--"));
  }

  @Test
  void headersHaveALimit() {
    String line = "X: " + "a".repeat(1000) + "\n";
    assertThat(content(FILE.replace("Content-Type", line + "Content-Type"))).isEqualTo("PIXELS");
    byte[] endless =
        ImageFiles.concat(lines("--xyz\nX: "), lines("a".repeat(10_000_000)), lines(FILE));
    assertMalformed(TYPE, endless);
    String many = "";
    for (int i = 0; i < 1000; i++) {
      many += "X" + i + ": a\n";
    }
    assertMalformed(TYPE, lines(FILE.replace("Content-Type", many + "Content-Type")));
  }

  /** Each would take hours, if a byte were looked at again and again. */
  @Test
  @Timeout(20)
  void timeIsLinear() {
    int size = 10_000_000;
    String boundary = "A".repeat(70);
    String type = "multipart/form-data; boundary=" + boundary;
    assertMalformed(type, lines("A".repeat(size)));
    assertMalformed(type, lines(("\n--" + "A".repeat(69)).repeat(size / 73)));
    assertMalformed(type, lines("\n".repeat(size / 2)));
    assertMalformed(type, lines(" ".repeat(size) + "\n"));
    assertMalformed(type, lines("--" + boundary + " ".repeat(size)));
    assertMalformed("multipart/form-data;" + ";".repeat(size), lines(FILE));
    assertMalformed("multipart/form-data;" + "a;".repeat(size / 2), lines(FILE));
    assertMalformed("multipart/form-data; boundary=\"" + "\\\"".repeat(size / 2), lines(FILE));
    assertMalformed("multipart/form-data; boundary=" + "x".repeat(size), lines(FILE));
    String parameters = "";
    for (int i = 0; i < 500; i++) {
      parameters += "; a" + i + "=\"\\\\\"";
    }
    assertThat(content(FILE.replace("; filename=\"cat.png\"", parameters))).isEqualTo("PIXELS");
  }

  @Test
  void nothingButARefusalComesOfBrokenBytes() {
    Random random = new Random(1);
    byte[] good = lines(FILE);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = Arrays.copyOf(good, 1 + random.nextInt(good.length));
      for (int flips = random.nextInt(4); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        Optional<Part> part = Multipart.find(TYPE, bytes, "file", MAX_PARTS, MAX_HEADER);
        part.ifPresent(p -> assertThat(p.offset() + p.length()).isBetween(0, bytes.length));
      } catch (NotPredicted e) {
        assertThat(e.reason()).isEqualTo(NotPredicted.Reason.MALFORMED_BODY);
      }
    }
  }

  private static void assertMalformed(String type, byte[] body) {
    assertThatThrownBy(() -> Multipart.find(type, body, "file", MAX_PARTS, MAX_HEADER))
        .isInstanceOfSatisfying(
            NotPredicted.class,
            e -> assertThat(e.reason()).isEqualTo(NotPredicted.Reason.MALFORMED_BODY))
        .hasMessageStartingWith("There was an error parsing the body: ")
        .message()
        .hasSizeLessThan(120)
        .doesNotContain("xyz", "PIXELS");
  }

  private static Optional<Part> find(String type, String body) {
    return Multipart.find(type, lines(body), "file", MAX_PARTS, MAX_HEADER);
  }

  private static String content(String body) {
    Part part = find(TYPE, body).orElseThrow();
    return new String(lines(body), part.offset(), part.length(), StandardCharsets.UTF_8);
  }

  private static byte[] around(byte[] content) {
    String[] parts = FILE.split("PIXELS", -1);
    return ImageFiles.concat(lines(parts[0]), content, lines(parts[1]));
  }

  private static byte[] lines(String text) {
    return text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
  }
}
