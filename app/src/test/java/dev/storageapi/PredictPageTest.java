package dev.storageapi;

import static dev.storageapi.Browser.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Rectangle;
import org.openqa.selenium.interactions.PointerInput.Kind;

/** The place on the live page to ask the model, in a real browser. */
class PredictPageTest {

  /** Drops a file, as a person does, of which only its text is given. */
  private static final String DROP =
      """
      const [text, name, type] = arguments;
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], name, { type }));
      for (const kind of ['dragover', 'drop']) {
        document.querySelector('#pad').dispatchEvent(
          new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
      }
      """;

  @TempDir private Path folder;
  private final Random random = new Random(1);
  private Browser browser;
  private RunningApp app;

  @BeforeEach
  void open() {
    browser = new Browser();
  }

  @AfterEach
  void close() {
    browser.close();
    if (app != null) {
      app.close();
    }
  }

  /** Opens the page of a service with the model that ships. */
  private void start(String... settings) {
    app = RunningApp.withModel(settings).withModelLoaded();
    browser.open(app.uri("/"));
    eventually().until(() -> browser.find("#inference").isDisplayed());
  }

  private void draw(int digit, Kind kind) {
    browser.run("document.querySelector('#paper').scrollIntoView({ block: 'center' })");
    List<?> at =
        (List<?>)
            browser.run(
                "const paper = document.querySelector('#paper').getBoundingClientRect();"
                    + "return [paper.x, paper.y, paper.width].map(Math.round)");
    int[] place = at.stream().mapToInt(number -> ((Number) number).intValue()).toArray();
    int side = place[2] / 2; // a person leaves room around it, and not on all sides the same
    Rectangle where = new Rectangle(place[0] + side / 3, place[1] + side / 2, side, side);
    browser.perform(Strokes.of(digit).in(where, kind));
  }

  private void choose(Path file) {
    browser.find("#choose").sendKeys(file.toString());
  }

  private Path file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private byte[] picture(int digit) {
    return DemoDigits.png(digit, random);
  }

  private void eventuallyTells(String state, String start) {
    eventually()
        .untilAsserted(
            () -> {
              assertThat(browser.find("#answer").getDomAttribute("data-state")).isEqualTo(state);
              assertThat(browser.text("#verdict")).startsWith(start);
            });
  }

  @Test
  void everyDigitThatIsDrawnIsRead() {
    start();
    for (int digit : IntStream.range(0, 10).toArray()) {
      browser.find("#clear").click();
      draw(digit, Kind.MOUSE);

      eventuallyTells("answered", String.valueOf(digit));
    }
    assertThat(browser.text("#sure")).endsWith("\u202f% sure");
    assertThat(browser.all("#top li")).hasSize(5);
    assertThat(browser.text("#top .name")).isEqualTo("9");
    assertThat(browser.find("#told").getDomProperty("textContent")).startsWith("9 ");
    assertThat(app.log())
        .anyMatch(
            line ->
                line.contains("url=/predict")
                    && line.contains("request_id=" + browser.text("#request-id")));
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void aFingerOnAPhoneDrawsAndDoesNotScroll() {
    browser.shrink();
    start();
    browser.run("document.querySelector('#paper').scrollIntoView({ block: 'center' })");
    Object before = browser.run("return scrollY");
    draw(7, Kind.TOUCH);

    eventuallyTells("answered", "7");
    assertThat(browser.run("return scrollY")).isEqualTo(before);
    assertThat(browser.run("return document.documentElement.scrollWidth")).isEqualTo(360L);
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void anImageThatIsChosenIsShownAndRead() throws IOException {
    start();
    choose(file("four.png", picture(4)));

    eventuallyTells("answered", "4");
    assertThat(browser.find("#hint").isDisplayed()).isFalse();
    assertThat(browser.complaints()).isEmpty();

    browser.find("#clear").click();
    eventuallyTells("empty", "Here the model says which digit it is");
    assertThat(browser.find("#hint").isDisplayed()).isTrue();
    assertThat(browser.all("#top li")).isEmpty();
  }

  @Test
  void anImageThatIsDroppedIsReadAndATextIsRefused() {
    start();
    browser.run(DROP, Base64.getEncoder().encodeToString(picture(2)), "2.png", "image/png");
    eventuallyTells("answered", "2");

    browser.run(DROP, "aGVsbG8=", "hello.txt", "text/plain");
    eventuallyTells("refused", "It cannot read this as an image. The file must be an image");
    assertThat(browser.all("#top li")).isEmpty();
    assertThat(browser.text("#hint")).isEqualTo("hello.txt");
    assertThat(browser.text("#request-id")).matches("[A-Za-z0-9-]{8,64}");

    browser.run(DROP, "aGVsbG8=", "hello.png", "image/png");
    eventuallyTells("refused", "It cannot read this as an image. The file is no PNG");
    assertThat(browser.complaints()).noneMatch(line -> line.contains("Content Security Policy"));
  }

  @Test
  void aFileThatIsTooLargeIsRefusedInWords() throws IOException {
    start("INFERENCE_MAX_BODY_BYTES", "4KiB");
    choose(file("large.png", new byte[5000]));

    eventuallyTells("refused", "This image is too large. The body may have 4096 bytes.");
  }

  @Test
  void anAnswerThatDoesNotComeIsSaid() throws IOException {
    start();
    app.close();
    choose(file("four.png", picture(4)));

    eventuallyTells("refused", "There was no answer.");
  }

  @Test
  void theCardShowsHowSureThePredictionsAre() {
    start();
    eventually()
        .until(
            () -> {
              app.send(
                  "POST",
                  "/predict",
                  DemoDigits.form(picture(3)),
                  "Content-Type",
                  DemoDigits.CONTENT_TYPE);
              return !browser.value("#confidence").isEmpty();
            });

    assertThat(Double.parseDouble(browser.value("#confidence"))).isBetween(0.5, 1.0);
    browser.eventuallyHas("#waiting", "0"); // the number is of a moment, once a second
    assertThat(browser.text("#model")).isEqualTo("digits");
    assertThat(browser.text("#model-trouble")).isEmpty();
    assertThat(browser.find("#predictions-plot .line").getDomAttribute("d")).startsWith("M");
  }

  @Test
  void aModelThatIsMissingIsSaidInWordsAndOneForOtherImagesHasNothingToDraw() throws IOException {
    app = RunningApp.withModel("MODEL_PATH", folder.resolve("animals.onnx").toString());
    String trouble = "There is no model to ask: MODEL_PATH is no file that can be read.";
    browser.open(app.uri("/"));

    browser.eventuallyReads("#model-trouble", trouble);
    assertThat(browser.text("#hint")).isEqualTo("Drop an image for the model animals");
    draw(1, Kind.MOUSE);
    assertThat(browser.find("#hint").isDisplayed()).isTrue();
    choose(file("four.png", picture(4)));
    eventuallyTells("refused", "It cannot answer now. " + trouble + " Try again in 5\u202fs.");
    assertThat(app.text("/metrics"))
        .contains("http_requests_total{method=\"POST\",path=\"/predict\",status=\"503\"} 1.0");
  }

  @Test
  void withoutAModelThereIsNoCardForIt() {
    app = RunningApp.with();
    browser.open(app.uri("/"));
    browser.eventuallyHas("#total-requests", "0");

    assertThat(browser.find("#inference").isDisplayed()).isFalse();
    assertThat(browser.complaints()).isEmpty();
  }
}
