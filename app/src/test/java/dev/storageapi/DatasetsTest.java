package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.Scrape;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table "Datasets" of the contract on each database, and hostile input to it (row 21). */
@ParameterizedClass(name = "{0}")
@EnumSource(Engine.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DatasetsTest {

  private static final JsonMapper JSON = new JsonMapper();
  private static final byte[] NOTHING = {};

  @Parameter private Engine engine;
  private RunningApp app;

  @BeforeParameterizedClassInvocation
  void open(Engine on, @TempDir Path folder) {
    app = start(on.emptyDatabase(folder));
  }

  private static RunningApp start(String url) {
    RunningApp started = RunningApp.with("DATABASE_URL", url, "DATASETS_MAX_PAGE", "20");
    await().until(() -> started.get("/ready/datasets").statusCode() == 200);
    return started;
  }

  @AfterParameterizedClassInvocation
  void close() {
    if (app != null) { // it is where a database is missing
      app.close();
      app = null;
    }
  }

  private HttpResponse<byte[]> post(String name) {
    return app.send("POST", "/datasets?name=" + encoded(name), NOTHING);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  private long add(String name) {
    HttpResponse<byte[]> answer = post(name);
    assertThat(answer.statusCode()).as(body(answer)).isEqualTo(200);
    return json(answer).get("id").asLong();
  }

  private static JsonNode json(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(body(answer));
    } catch (JsonProcessingException e) {
      throw new AssertionError(body(answer), e);
    }
  }

  private List<Long> ids(String target) {
    List<Long> ids = new ArrayList<>();
    json(app.get(target)).forEach(dataset -> ids.add(dataset.get("id").asLong()));
    return ids;
  }

  @Test
  void anAddedOneIsAnsweredAndFoundUnderItsId() {
    HttpResponse<byte[]> added = post("my-dataset");
    long id = json(added).get("id").asLong();
    String expected = "{\"id\":%d,\"name\":\"my-dataset\"}\n".formatted(id);

    assertThat(added.statusCode()).isEqualTo(200);
    assertThat(header(added, "Content-Type")).isEqualTo("application/json");
    assertThat(body(added)).isEqualTo(expected);
    assertThat(app.text("/datasets/" + id)).isEqualTo(expected);
  }

  @Test
  void idsCountUpAndNamesNeedNotBeUnique() {
    long first = add("same");

    assertThat(List.of(add("same"), add(""), add("same")))
        .containsExactly(first + 1, first + 2, first + 3);
  }

  @Test
  void anIdIsNotGivenTwice() {
    long last = add("short-lived");
    app.delete("/datasets/" + last);

    assertThat(add("next")).isEqualTo(last + 1);
  }

  @Test
  void aPutRenames() {
    long id = add("old");
    HttpResponse<byte[]> renamed = app.put("/datasets/" + id + "?name=new", "");

    assertThat(renamed.statusCode()).isEqualTo(200);
    assertThat(body(renamed)).isEqualTo("{\"id\":%d,\"name\":\"new\"}\n".formatted(id));
    assertThat(app.text("/datasets/" + id)).isEqualTo(body(renamed));
  }

  @Test
  void aDeleteAnswers204AndTheDatasetIsGone() {
    long id = add("doomed");
    HttpResponse<byte[]> deleted = app.delete("/datasets/" + id);

    assertThat(deleted.statusCode()).isEqualTo(204);
    assertThat(deleted.body()).isEmpty();
    assertThat(app.get("/datasets/" + id).statusCode()).isEqualTo(404);
    assertThat(ids("/datasets?after=" + (id - 1))).doesNotContain(id);
    assertThat(app.delete("/datasets/" + id).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "999999999",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "340282366920938463463374607431768211456"
      })
  void anIdThatIsNotThereIsA404WithTheOriginalsBody(String id) {
    for (String method : List.of("GET", "PUT", "DELETE")) {
      HttpResponse<byte[]> answer = app.send(method, "/datasets/" + id + "?name=x", NOTHING);

      assertThat(answer.statusCode()).isEqualTo(404);
      assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
      assertThat(body(answer)).isEqualTo("{\"detail\":\"Dataset not found\"}\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc",
        "1.5",
        "0x1",
        "1e3",
        "1 OR 1=1",
        "1;DROP TABLE datasets",
        "1'--",
        "1) UNION SELECT 1, name FROM datasets--",
        "٣x"
      })
  void anIdThatIsNoNumberIsA422ThatEchoesIt(String id) {
    String path = "/datasets/" + encoded(id).replace("+", "%20");
    for (String method : List.of("GET", "PUT", "DELETE")) {
      HttpResponse<byte[]> answer = app.send(method, path + "?name=x", NOTHING);

      assertThat(answer.statusCode()).isEqualTo(422);
      assertThat(json(answer).at("/detail/0/loc").toString())
          .isEqualTo("[\"path\",\"dataset_id\"]");
      assertThat(json(answer).at("/detail/0/input").asText()).isEqualTo(id);
    }
  }

  @Test
  void withoutANameNothingIsAddedOrRenamed() {
    long id = add("kept");
    for (String method : List.of("POST", "PUT")) {
      String path = method.equals("POST") ? "/datasets" : "/datasets/" + id;
      HttpResponse<byte[]> answer = app.send(method, path, NOTHING);

      assertThat(answer.statusCode()).isEqualTo(422);
      assertThat(body(answer))
          .isEqualTo(
              "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"query\",\"name\"],"
                  + "\"msg\":\"Field required\",\"input\":null}]}\n");
    }
    assertThat(json(app.get("/datasets/" + id)).get("name").asText()).isEqualTo("kept");
    assertThat(add("next")).isEqualTo(id + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "  two blanks around  ",
        "'); DROP TABLE datasets; --",
        "' OR '1'='1",
        "\\'; DELETE FROM datasets; --",
        "x'; SHUTDOWN; --",
        "$1 ? :name ${name} {fn now()} /* */",
        "$$; DROP TABLE datasets; $$",
        "%00 %_\\%",
        "\"double\" `back` 'single' \\ / back\\\\slash",
        "line\r\nfeed\ttab\u000b\u001b[31m\u007f",
        "\u2028\u2029\ufeff\u200b\u202e",
        "null",
        "Ünïcödé 日本語 עברית 👩‍👩‍👧 e\u0301",
        "<script>alert(1)</script>",
        "a+b%2Bc&d=e#f;g"
      })
  void anyNameIsStoredAsItIs(String name) {
    long id = add(name);
    String path = "/datasets/" + id;
    assertThat(json(app.get(path)).get("name").asText()).isEqualTo(name);

    app.put(path + "?name=other", "");
    HttpResponse<byte[]> renamed = app.put(path + "?name=" + encoded(name), "");

    assertThat(json(renamed).get("name").asText()).isEqualTo(name);
    JsonNode listed = json(app.get("/datasets?limit=1&after=" + (id - 1)));
    assertThat(listed.at("/0/name").asText()).isEqualTo(name);
    assertThat(add("the table is still there")).isEqualTo(id + 1);
  }

  @Test
  void aNameMayHave255CharactersOfAnySize() {
    for (String character : List.of("a", "é", "日", "😀")) {
      String longest = character.repeat(255);
      long id = add(longest);
      assertThat(json(app.get("/datasets/" + id)).get("name").asText()).isEqualTo(longest);

      HttpResponse<byte[]> refused = post(longest + "b");

      assertThat(refused.statusCode()).isEqualTo(422);
      JsonNode problem = json(refused).at("/detail/0");
      assertThat(problem.get("type").asText()).isEqualTo("string_too_long");
      assertThat(problem.get("input").asText()).isEqualTo(character.repeat(100));
      assertThat(problem.at("/ctx/max_length").asInt()).isEqualTo(255);
      HttpResponse<byte[]> kept = app.put("/datasets/" + id + "?name=" + "c".repeat(256), "");
      assertThat(kept.statusCode()).isEqualTo(422);
      assertThat(json(app.get("/datasets/" + id)).get("name").asText()).isEqualTo(longest);
    }
  }

  @Test
  void u0000IsRefusedSincePostgresqlCannotStoreIt() {
    for (String name : List.of("%00", "a%00b", "%00%00")) {
      HttpResponse<byte[]> answer = app.send("POST", "/datasets?name=" + name, NOTHING);

      assertThat(answer.statusCode()).isEqualTo(422);
      assertThat(json(answer).at("/detail/0/type").asText()).isEqualTo("value_error");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%ED%A0%80", "%ED%B0%80", "%C3%28", "%FF", "%F0%9F%98"})
  void whatIsNoUtf8IsStoredAsReplacementCharacters(String bytes) {
    HttpResponse<byte[]> answer = app.send("POST", "/datasets?name=" + bytes, NOTHING);

    assertThat(answer.statusCode()).isEqualTo(200);
    String name = json(answer).get("name").asText();
    assertThat(name).startsWith("\ufffd");
    String path = "/datasets/" + json(answer).get("id").asLong();
    assertThat(json(app.get(path)).get("name").asText()).isEqualTo(name);
  }

  @Test
  void aPageHoldsSoManyBehindAnId() {
    long first = add("page");
    List<Long> rest = List.of(add("page"), add("page"), add("page"), add("page"));

    assertThat(ids("/datasets?limit=2&after=" + first)).isEqualTo(rest.subList(0, 2));
    assertThat(ids("/datasets?limit=2&after=" + rest.get(1))).isEqualTo(rest.subList(2, 4));
    assertThat(ids("/datasets?limit=2&after=" + rest.get(3))).isEmpty();
    assertThat(ids("/datasets?after=" + first)).isEqualTo(rest);
    assertThat(ids("/datasets?after=9223372036854775808")).isEmpty();
  }

  @Test
  void aPageIsNeverLongerThanTheSetting() {
    for (int i = 0; i < 25; i++) {
      add("many");
    }

    assertThat(ids("/datasets?after=0")).hasSize(20).isSorted();
    assertThat(ids("/datasets?limit=20")).hasSize(20);
    assertThat(ids("/datasets")).hasSizeGreaterThanOrEqualTo(25).isSorted();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit=0 greater_than_equal",
        "limit=-1 greater_than_equal",
        "limit=21 less_than_equal",
        "limit=99999999999999999999 less_than_equal",
        "limit= int_parsing",
        "limit=ten int_parsing",
        "limit=1;DROP%20TABLE%20datasets int_parsing",
        "limit=1%20OFFSET%205 int_parsing",
        "limit=(SELECT%201) int_parsing",
        "after=-1 greater_than_equal",
        "after=0%20OR%201=1 int_parsing",
        "after=1.5 int_parsing"
      })
  void aBadLimitOrAfterIsA422(String queryAndType) {
    String[] parts = queryAndType.split(" ", -1);
    HttpResponse<byte[]> answer = app.get("/datasets?" + parts[0]);

    assertThat(answer.statusCode()).isEqualTo(422);
    JsonNode problem = json(answer).at("/detail/0");
    assertThat(problem.get("type").asText()).isEqualTo(parts[1]);
    assertThat(problem.get("loc").toString())
        .isEqualTo("[\"query\",\"" + parts[0].split("=", 2)[0] + "\"]");
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    HttpResponse<byte[]> answer = app.get("/datasets?limit=x&after=y");

    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(json(answer).get("detail")).hasSize(2);
    assertThat(json(app.put("/datasets/z", "")).get("detail")).hasSize(2);
  }

  @Test
  void headAnswersAsGetWithoutABody() {
    long id = add("head");
    for (String target : List.of("/datasets", "/datasets?limit=5", "/datasets/" + id)) {
      HttpResponse<byte[]> head = app.send("HEAD", target, NOTHING);

      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(header(head, "Content-Type")).isEqualTo("application/json");
      assertThat(head.body()).isEmpty();
    }
    assertThat(app.send("HEAD", "/datasets/0", NOTHING).statusCode()).isEqualTo(404);
  }

  @Test
  void optionsAndOtherMethodsNameWhatIsAllowed() {
    Map<String, List<String>> allowed =
        Map.of(
            "/datasets", List.of("GET", "HEAD", "POST", "OPTIONS"),
            "/datasets/1", List.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS"),
            "/datasets/1/reticulate", List.of("POST", "OPTIONS"));
    allowed.forEach(
        (path, methods) -> {
          HttpResponse<byte[]> options = app.send("OPTIONS", path, NOTHING);
          HttpResponse<byte[]> refused = app.send("PATCH", path, NOTHING);

          assertThat(options.statusCode()).isEqualTo(200);
          assertThat(refused.statusCode()).isEqualTo(405);
          assertThat(header(refused, "Content-Type")).isEqualTo("application/problem+json");
          for (HttpResponse<byte[]> answer : List.of(options, refused)) {
            assertThat(header(answer, "Allow").split(", "))
                .containsExactlyInAnyOrderElementsOf(methods);
          }
        });
  }

  @Test
  void everyStatementIsCountedUnderItsName() {
    Scrape before = scrape();
    long id = add("counted");
    app.get("/datasets/" + id);
    app.get("/datasets?limit=1");
    app.put("/datasets/" + id + "?name=x", "");
    app.delete("/datasets/" + id);
    app.get("/datasets/abc"); // does not reach the database
    Scrape after = scrape();

    for (String operation :
        List.of(
            "dataset_insert", "dataset_get", "dataset_list", "dataset_rename", "dataset_delete")) {
      String[] labels = {"operation", operation};
      double counted = after.sum("db_query_duration_seconds_count", labels);
      assertThat(counted - before.sum("db_query_duration_seconds_count", labels))
          .as(operation)
          .isEqualTo(1);
      assertThat(after.value("db_query_errors_total", labels)).isZero();
    }
    assertThat(after.value("db_pool_connections", "state", "active")).isZero();
    assertThat(after.value("db_pool_connections", "state", "max")).isEqualTo(8);
  }

  private Scrape scrape() {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }

  @Test
  void aRestartKeepsWhatWasStoredAndIdsGoOn(@TempDir Path own) {
    String url = engine.emptyDatabase(own);
    long kept;
    long renamed;
    try (RunningApp before = start(url)) {
      kept = idOf(before.send("POST", "/datasets?name=kept", NOTHING));
      renamed = idOf(before.send("POST", "/datasets?name=old", NOTHING));
      before.put("/datasets/" + renamed + "?name=new", "");
    }
    try (RunningApp after = start(url)) {
      assertThat(json(after.get("/datasets/" + kept)).get("name").asText()).isEqualTo("kept");
      assertThat(json(after.get("/datasets/" + renamed)).get("name").asText()).isEqualTo("new");
      assertThat(idOf(after.send("POST", "/datasets?name=next", NOTHING))).isEqualTo(renamed + 1);
    }
  }

  private static long idOf(HttpResponse<byte[]> answer) {
    return json(answer).get("id").asLong();
  }
}
