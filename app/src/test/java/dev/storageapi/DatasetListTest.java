package dev.storageapi;

import static dev.storageapi.RunningApp.body;
import static dev.storageapi.RunningApp.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.storageapi.testing.Engine;
import dev.storageapi.testing.PostgresCluster;
import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.Scrape;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The list of all datasets, which are more than are read from the database at once. */
class DatasetListTest {

  private static final int COUNT = 2_500;
  private static final int PAGE = 100;
  private static final int PIECE = 1_000; // what is read at once
  private static final int LONG = 222; // and of the longest names, of one byte a character
  private static final String LONG_NAME = "%01".repeat(255); // six bytes each in JSON
  private static final int READERS = 12; // more than the pool has connections
  private static final byte[] NOTHING = {};

  private static RunningApp with(String url) {
    RunningApp app =
        RunningApp.with("DATABASE_URL", url, "DATASETS_MAX_PAGE", "" + PAGE, "LOG_LEVEL", "WARN");
    await().until(() -> app.get("/ready/datasets").statusCode() == 200);
    return app;
  }

  private static void add(RunningApp app, int count) {
    add(app, count, "n");
  }

  private static void add(RunningApp app, int count, String name) {
    long added =
        IntStream.range(0, count)
            .parallel()
            .map(i -> app.send("POST", "/datasets?name=" + name, NOTHING).statusCode())
            .filter(status -> status == 200)
            .count();
    assertThat(added).isEqualTo(count);
  }

  private static List<Long> ids(HttpResponse<byte[]> answer) {
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/json");
    List<Long> ids = new ArrayList<>();
    json(body(answer)).forEach(dataset -> ids.add(dataset.get("id").asLong()));
    return ids;
  }

  private static JsonNode json(String text) {
    try {
      return new JsonMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void allAreListedInOrderWhileOthersWrite(Engine engine, @TempDir Path folder)
      throws ExecutionException, InterruptedException {
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicBoolean done = new AtomicBoolean();
    try (RunningApp app = with(engine.emptyDatabase(folder))) {
      add(app, COUNT);
      Future<Integer> adding = threads.submit(() -> addAndDelete(app, done));
      Future<Integer> renaming = threads.submit(() -> rename(app, done));
      for (int i = 0; i < 5; i++) {
        List<Long> ids = ids(app.get("/datasets"));
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        assertThat(ids.stream().filter(id -> id <= COUNT)).hasSize(COUNT);
      }
      done.set(true);
      assertThat(adding.get()).isPositive();
      assertThat(renaming.get()).isPositive();
    } finally {
      done.set(true);
      threads.shutdownNow();
    }
  }

  private static int addAndDelete(RunningApp app, AtomicBoolean done) {
    int added = 0;
    while (!done.get()) {
      HttpResponse<byte[]> one = app.send("POST", "/datasets?name=more", NOTHING);
      long id = json(body(one)).get("id").asLong();
      if (++added % 2 == 0) {
        assertThat(app.delete("/datasets/" + id).statusCode()).isEqualTo(204);
      }
    }
    return added;
  }

  private static int rename(RunningApp app, AtomicBoolean done) {
    int renamed = 0;
    while (!done.get()) {
      String path = "/datasets/" + (1 + renamed++ % COUNT);
      assertThat(app.put(path + "?name=%22%5C%5D%2C", "").statusCode()).isEqualTo(200);
    }
    return renamed;
  }

  @ParameterizedTest
  @EnumSource
  void aWholeNumberOfPiecesIsListedToo(Engine engine, @TempDir Path folder) {
    try (RunningApp app = with(engine.emptyDatabase(folder))) {
      assertThat(app.text("/datasets")).isEqualTo("[]\n");
      add(app, PIECE - 1);
      assertThat(ids(app.get("/datasets"))).hasSize(PIECE - 1);
      add(app, 1);
      assertThat(ids(app.get("/datasets"))).hasSize(PIECE);
      add(app, PIECE);
      assertThat(ids(app.get("/datasets"))).hasSize(2 * PIECE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPageMayBeLongerThanWhatIsReadAtOnce(Engine engine, @TempDir Path folder) {
    try (RunningApp app = RunningApp.with("DATABASE_URL", engine.emptyDatabase(folder))) {
      await().until(() -> app.get("/ready/datasets").statusCode() == 200);
      add(app, 2 * LONG, LONG_NAME);
      add(app, 6);
      int count = 2 * LONG + 6;
      List<Long> all = ids(app.get("/datasets"));
      assertThat(all).hasSize(count).isSorted();
      for (int limit : List.of(1, LONG, LONG + 1, 2 * LONG, count - 1, count, 1000)) {
        HttpResponse<byte[]> page = app.get("/datasets?limit=" + limit);
        assertThat(ids(page)).isEqualTo(all.subList(0, Math.min(limit, count)));
        assertThat(header(page, "Transfer-Encoding")).isEqualTo(limit > LONG ? "chunked" : null);
      }
      assertThat(ids(app.get("/datasets?after=" + all.get(4)))).isEqualTo(all.subList(5, count));
      assertThat(ids(app.get("/datasets?limit=300&after=" + all.get(99))))
          .isEqualTo(all.subList(100, 400));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aClientThatReadsSlowlyHoldsNoConnection(Engine engine, @TempDir Path folder) {
    try (RunningApp app = with(engine.emptyDatabase(folder))) {
      add(app, COUNT, LONG_NAME); // more than buffers hold
      List<RawClient> readers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        RawClient reader = RawClient.connect(app.app.port(), 4096);
        reader.write("GET /datasets HTTP/1.1\r\nHost: x\r\n\r\n");
        readers.add(reader);
      }
      await().until(() -> inFlight(app) == READERS && active(app) == 0);
      for (int i = 0; i < 50; i++) {
        assertThat(app.get("/datasets/1").statusCode()).isEqualTo(200);
      }
      // One of them may be reading a piece just then, since buffers grow.
      await().until(() -> inFlight(app) == READERS && active(app) == 0);
      readers.forEach(RawClient::close);
      await().until(() -> inFlight(app) == 0);
    }
  }

  /** Begins to read all datasets, and goes on when more than the first piece of them is sent. */
  private static RawClient slowReader(RunningApp app) {
    RawClient reader = RawClient.connect(app.app.port(), 4096);
    reader.write("GET /datasets HTTP/1.1\r\nHost: x\r\n\r\n");
    String[] list = {"operation", "dataset_list"};
    await().until(() -> scrape(app).sum("db_query_duration_seconds_count", list) > 1);
    return reader;
  }

  /** What is left of an answer that was lost on the way: its only line in the log. */
  private static String cut(RunningApp app, RawClient reader) {
    String answer = reader.readUntilClosed(Duration.ofSeconds(30));
    assertThat(reader.isClosed()).isTrue();
    assertThat(answer).startsWith("HTTP/1.1 200 OK").contains("[{\"id\":1,").doesNotContain("]");
    reader.close();
    await().until(() -> inFlight(app) == 0);
    await().until(() -> !lines(app, "path=/datasets ", "method=GET ").isEmpty());
    assertThat(lines(app, "path=/datasets ", "method=GET ")).hasSize(1);
    return lines(app, "path=/datasets ", "method=GET ").get(0);
  }

  private static List<String> lines(RunningApp app, String... parts) {
    return app.log().stream()
        .filter(line -> List.of(parts).stream().allMatch(line::contains))
        .toList();
  }

  private static double answered(RunningApp app, int status) {
    String[] labels = {"path", "/datasets", "method", "GET", "status", "" + status};
    return scrape(app).sum("http_requests_total", labels);
  }

  private static RunningApp withLongNames(String url) throws SQLException {
    RunningApp app = RunningApp.with("DATABASE_URL", url);
    await().until(() -> app.get("/ready/datasets").statusCode() == 200);
    execute(
        url,
        "INSERT INTO datasets (name) SELECT repeat(U&'\\0001', 255) FROM generate_series(1, %d)"
            .formatted(COUNT));
    return app;
  }

  private static void execute(String url, String sql) throws SQLException {
    try (Connection connection = PostgresCluster.connect(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void aListWhoseDatabaseIsLostOnTheWayIsCutAndCountedAs503() throws SQLException {
    try (PostgresCluster postgres = PostgresCluster.start();
        RunningApp app = withLongNames(postgres.url())) {
      RawClient reader = slowReader(app);
      postgres.kill();

      assertThat(cut(app, reader)).contains(" status_code=503 ");
      assertThat(answered(app, 503)).isEqualTo(1);
      assertThat(answered(app, 200)).isZero();
      assertThat(lines(app, "the answer is cut"))
          .singleElement()
          .asString()
          .contains("lvl=[WARN]", "the database was lost on the way: ");
      assertThat(lines(app, "lvl=[ERROR]")).isEmpty();
    }
  }

  @Test
  void aListThatAFaultOfTheProgramEndsIsCutAndCountedAs500AndLoggedWithItsTrace()
      throws SQLException {
    String url = PostgresCluster.shared().freshDatabase();
    try (RunningApp app = withLongNames(url)) {
      RawClient reader = slowReader(app);
      execute(url, "ALTER TABLE datasets RENAME COLUMN name TO title");

      assertThat(cut(app, reader)).contains(" status_code=500 ");
      assertThat(answered(app, 500)).isEqualTo(1);
      assertThat(lines(app, "lvl=[ERROR]"))
          .singleElement()
          .asString()
          .contains("DatabaseFailure", "\\n\\tat ");
    }
  }

  private static double active(RunningApp app) {
    return scrape(app).value("db_pool_connections", "state", "active");
  }

  private static double inFlight(RunningApp app) {
    return scrape(app).value("http_requests_in_flight") - 1; // itself
  }

  private static Scrape scrape(RunningApp app) {
    return Scrape.of(app.text("/metrics", "Accept", "text/plain"));
  }
}
