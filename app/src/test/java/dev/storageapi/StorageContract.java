package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The table "Storage" of the contract, row by row, for every store that there is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class StorageContract {

  private RunningApp app;

  /** Settings, as names and values in turn, of an application with the store. */
  abstract List<String> store();

  @BeforeAll
  void start() {
    app = started();
  }

  @AfterAll
  void close() {
    app.close();
  }

  /** Another one, when its store is there. */
  final RunningApp started(String... settings) {
    List<String> all = new ArrayList<>(List.of("STORAGE_MAX_OBJECT_BYTES", "1KiB"));
    all.addAll(store());
    all.addAll(List.of(settings));
    return RunningApp.with(all.toArray(String[]::new)).withStore();
  }

  @Test
  void aPutCreatesAndReplacesWithAnEmpty200() {
    HttpResponse<byte[]> created = app.put("/api/buckets/put", "one");
    HttpResponse<byte[]> replaced = app.put("/api/buckets/put", "two");

    assertThat(List.of(created.statusCode(), replaced.statusCode())).containsExactly(200, 200);
    assertThat(created.body()).isEmpty();
    assertThat(app.text("/api/buckets/put")).isEqualTo("two");
  }

  @Test
  void aGetAnswersExactlyTheStoredBytes() {
    byte[] bytes = new byte[1024];
    new Random(1).nextBytes(bytes);
    app.send("PUT", "/api/buckets/bytes", bytes, "Content-Type", "text/html");

    HttpResponse<byte[]> response = app.get("/api/buckets/bytes", "Accept-Encoding", "gzip");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "Content-Type")).isEqualTo("application/octet-stream");
    assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(response, "Content-Encoding")).isNull();
    assertThat(response.body()).isEqualTo(bytes);
    app.delete("/api/buckets/bytes");
  }

  @Test
  void aGetOfNothingIsA404WithTheOriginalsBody() {
    HttpResponse<byte[]> response = app.get("/api/buckets/nothing");

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(header(response, "Content-Type")).isEqualTo("application/json");
    assertThat(body(response)).isEqualTo("{\"error\":\"not found\"}\n");
  }

  @Test
  void aDeleteAnswers500AndTheObjectIsGone() {
    app.put("/api/buckets/riddle", "x");

    HttpResponse<byte[]> response = app.delete("/api/buckets/riddle");

    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).isEmpty();
    assertThat(app.get("/api/buckets/riddle").statusCode()).isEqualTo(404);
  }

  @Test
  void aDeleteOfNothingIsA400WithTheOriginalsBody() {
    HttpResponse<byte[]> response = app.delete("/api/buckets/nothing");

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(header(response, "Content-Type")).isEqualTo("application/json");
    assertThat(body(response)).isEqualTo("{\"error\":\"bad request\"}\n");
  }

  @Test
  void theFixIsASetting() {
    try (RunningApp mended = started("STORAGE_DELETE_STATUS", "204")) {
      mended.put("/api/buckets/1", "x");

      HttpResponse<byte[]> response = mended.delete("/api/buckets/1");

      assertThat(response.statusCode()).isEqualTo(204);
      assertThat(mended.get("/api/buckets/1").statusCode()).isEqualTo(404);
      assertThat(mended.log()).noneMatch(line -> line.contains("lvl=[WARN]"));
    }
  }

  @Test
  void theLineThatChoosesThe500LogsOneWarningThatLeadsToIt() {
    String id;
    RunningApp own = started();
    try (own) {
      own.put("/api/buckets/warned", "x");
      id = header(own.delete("/api/buckets/warned"), "X-Request-ID");
    }

    assertThat(own.log())
        .filteredOn(line -> line.contains(id) && line.contains("lvl=[WARN]"))
        .singleElement()
        .asString()
        .contains("file=BucketApi.java", "bucket_id=warned", "answered=500");
  }

  @Test
  void anEmptyBodyIsAnObject() {
    app.put("/api/buckets/empty", "");

    assertThat(app.get("/api/buckets/empty").statusCode()).isEqualTo(200);
    app.delete("/api/buckets/empty");
  }

  @Test
  void aCompressedBodyIsStoredAsItCame() {
    byte[] bytes = {31, -117, 8, 0};
    HttpResponse<byte[]> put =
        app.send("PUT", "/api/buckets/coded", bytes, "Content-Encoding", "gzip");

    assertThat(put.statusCode()).isEqualTo(200);
    assertThat(app.get("/api/buckets/coded").body()).isEqualTo(bytes);
    app.delete("/api/buckets/coded");
  }

  @Test
  void headAnswersAsGetWithoutABody() {
    app.put("/api/buckets/head", "12345");

    HttpResponse<byte[]> found = app.send("HEAD", "/api/buckets/head", new byte[0]);
    HttpResponse<byte[]> missing = app.send("HEAD", "/api/buckets/none", new byte[0]);

    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(header(found, "Content-Length")).isEqualTo("5");
    assertThat(header(found, "Content-Type")).isEqualTo("application/octet-stream");
    assertThat(found.body()).isEmpty();
    assertThat(missing.statusCode()).isEqualTo(404);
    app.delete("/api/buckets/head");
  }

  @Test
  void optionsAnswers200WithAllow() {
    HttpResponse<byte[]> response = app.send("OPTIONS", "/api/buckets/1", new byte[0]);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "Allow").split(", "))
        .containsExactlyInAnyOrder("GET", "HEAD", "PUT", "DELETE", "OPTIONS");
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PATCH", "BREW"})
  void anyOtherMethodIsA405WithAllow(String method) {
    HttpResponse<byte[]> response = app.send(method, "/api/buckets/1", new byte[0]);

    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(header(response, "Allow")).contains("PUT");
    assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/buckets", "/api/buckets/", "/api/buckets/a/b", "/api/buckets/a/"})
  void noIdOrMoreThanOneSegmentIsA404(String target) {
    assertThat(app.get(target).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/buckets/%00",
        "/api/buckets/%0A",
        "/api/buckets/%7F",
        "/api/buckets/%C2%85",
        "/api/buckets/%2F",
        "/api/buckets/%2e%2e",
        "/api/buckets/%C3%28",
        "/api/buckets/%ED%A0%80"
      })
  void anIdThatIsNotAcceptableIsA400(String target) {
    HttpResponse<byte[]> response = app.put(target, "x");

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(body(response)).contains(header(response, "X-Request-ID"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"%E2%82%AC", "%F0%9F%98%80", "a+b", "%252F", "a%20b", "~._-!$&'()*,;=:@"})
  void anIdIsPercentDecodedOnce(String id) {
    app.put("/api/buckets/" + id, id);

    assertThat(app.text("/api/buckets/" + id)).isEqualTo(id);
    assertThat(app.delete("/api/buckets/" + id).statusCode()).isEqualTo(500);
  }

  @Test
  void aPlusIsNoBlank() {
    app.put("/api/buckets/x+y", "plus");

    assertThat(app.get("/api/buckets/x%20y").statusCode()).isEqualTo(404);
    assertThat(app.text("/api/buckets/x%2By")).isEqualTo("plus");
    app.delete("/api/buckets/x+y");
  }

  @Test
  void anIdMayHave256Bytes() {
    assertThat(app.put("/api/buckets/" + "é".repeat(128).replace("é", "%C3%A9"), "x").statusCode())
        .isEqualTo(200);
    assertThat(app.put("/api/buckets/" + "a".repeat(257), "x").statusCode()).isEqualTo(400);
    app.delete("/api/buckets/" + "%C3%A9".repeat(128));
  }

  @Test
  void anObjectOverItsLimitIsA413AndNothingIsStored() {
    byte[] large = new byte[1025];

    assertThat(app.send("PUT", "/api/buckets/large", large).statusCode()).isEqualTo(413);
    assertThat(app.get("/api/buckets/large").statusCode()).isEqualTo(404);
  }
}
