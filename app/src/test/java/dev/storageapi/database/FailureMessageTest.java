package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import dev.storageapi.testing.Engine;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What failed is logged, so it does not repeat what was to be stored. */
class FailureMessageTest {

  private static final Database.Limits LIMITS =
      new Database.Limits(
          2,
          2,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMillis(100),
          0);

  @ParameterizedTest
  @EnumSource
  void aBatchThatFailedDoesNotTellItsValues(Engine engine, @TempDir Path folder) {
    DatabaseUrl url = DatabaseUrl.of(engine.emptyDatabase(folder), "", "");
    try (Database database = new Database(url, LIMITS, new Metrics(), Spans.OFF)) {
      Query insert =
          database.query(
              "insert",
              "INSERT INTO datasets (name) SELECT CAST(? AS VARCHAR) WHERE 1 / CAST(? AS INTEGER) = 1");
      database.start();
      await().until(() -> database.state().up());

      DatabaseFailure failure =
          catchThrowableOfType(
              DatabaseFailure.class,
              () ->
                  database.longTransaction(
                      session -> session.batch(insert, List.<Object[]>of(values("secret", 0)))));

      assertThat(failure.getMessage()).containsIgnoringCase("division by zero");
      assertThat(trace(failure)).doesNotContain("secret");
    }
  }

  private static Object[] values(Object... values) {
    return values;
  }

  private static String trace(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }
}
