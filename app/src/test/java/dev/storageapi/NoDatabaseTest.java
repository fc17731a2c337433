package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.storageapi.testing.Scrape;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code DATABASE_URL=none}: what needs a database is not there at all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NoDatabaseTest {

  private final RunningApp app = RunningApp.with("DATABASE_URL", "none");

  @AfterAll
  void close() {
    app.close();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /datasets",
    "POST, /datasets?name=x",
    "GET, /datasets/1",
    "PUT, /datasets/1?name=x",
    "DELETE, /datasets/1",
    "POST, /datasets/1/reticulate",
    "OPTIONS, /datasets"
  })
  void itsRoutesAreOrdinary404s(String method, String target) {
    double before = unmatched(method);
    HttpResponse<byte[]> answer = app.send(method, target, new byte[0]);

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(unmatched(method) - before).isEqualTo(1);
  }

  private double unmatched(String method) {
    String[] labels = {"path", "unmatched", "method", method, "status", "404"};
    return scrape().sum("http_requests_total", labels);
  }

  private Scrape scrape() {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }

  @Test
  void readyDoesNotNameThem() throws JsonProcessingException {
    HttpResponse<byte[]> ready = app.get("/ready");

    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(new JsonMapper().readTree(body(ready)).get("features").fieldNames())
        .toIterable()
        .containsExactly("storage");
    assertThat(app.get("/ready/datasets").statusCode()).isEqualTo(404);
  }

  @Test
  void itHasNoMetricsOfADatabase() {
    app.get("/datasets");

    assertThat(scrape().series())
        .noneMatch(series -> series.name().matches("(db|dataset)_.*"))
        .noneMatch(series -> series.labels().getOrDefault("path", "").startsWith("/datasets"));
  }
}
