package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.storageapi.database.DatabaseFailure.Kind;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import dev.storageapi.testing.Engine;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code db_query_errors_total} counts. */
class QueryErrorsTest {

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

  private final Metrics metrics = new Metrics();

  @ParameterizedTest
  @EnumSource
  void aKeyThatIsThereAlreadyIsNoErrorOfTheDatabase(Engine engine, @TempDir Path folder) {
    DatabaseUrl url = DatabaseUrl.of(engine.emptyDatabase(folder), "", "");
    try (Database database = new Database(url, LIMITS, metrics, Spans.OFF)) {
      Query insert = database.query("insert", "INSERT INTO feed_deleted (id) VALUES (?)");
      Query wrong = database.query("wrong", "SELECT nothing FROM feed_deleted");
      database.start();
      await().atMost(Duration.ofSeconds(20)).until(() -> database.state().up());

      assertThat(database.<Integer>write(session -> session.update(insert, "7"))).isEqualTo(1);
      assertThat(failure(() -> database.write(session -> session.update(insert, "7"))))
          .isEqualTo(Kind.DUPLICATE);
      assertThat(failure(() -> database.read(session -> session.update(wrong))))
          .isEqualTo(Kind.FAULT);

      assertThat(errors("insert")).isZero();
      assertThat(errors("wrong")).isEqualTo(1);
    }
  }

  private static Kind failure(Runnable work) {
    return catchThrowableOfType(DatabaseFailure.class, work::run).kind();
  }

  private double errors(String operation) {
    return metrics.registry().scrape(name -> name.startsWith("db_query_errors")).stream()
        .flatMap(all -> ((CounterSnapshot) all).getDataPoints().stream())
        .filter(one -> operation.equals(one.getLabels().get("operation")))
        .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
        .sum();
  }
}
