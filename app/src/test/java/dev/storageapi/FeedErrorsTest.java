package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Tracing;
import dev.storageapi.testing.TestUpstream;
import java.io.IOException;
import java.lang.Thread.UncaughtExceptionHandler;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Row 12, where no request is at hand: an error is told to whoever hears of dying threads. */
class FeedErrorsTest {

  /** A clock on which the first look of one thread ends in an error. */
  private static final class Trap extends Clock {

    private final String thread;
    private final AtomicBoolean sprung = new AtomicBoolean();

    Trap(String thread) {
      this.thread = thread;
    }

    @Override
    public Instant instant() {
      if (Thread.currentThread().getName().startsWith(thread) && !sprung.getAndSet(true)) {
        throw new StackOverflowError("of " + thread);
      }
      return Instant.now();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  @TempDir private Path folder;

  private final List<Throwable> told = new CopyOnWriteArrayList<>();
  private final UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();

  @BeforeEach
  void listen() {
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> told.add(error));
  }

  @AfterEach
  void listenNoMore() {
    Thread.setDefaultUncaughtExceptionHandler(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"feed", "db-scheduler-pool"})
  void anErrorIsToldAndTheFeedIsFetchedAllTheSame(String thread) throws IOException {
    try (TestUpstream upstream = TestUpstream.start()) {
      String host = "127.0.0.1:" + upstream.port();
      Config config =
          Config.from(
              Map.of(
                  "HOST",
                  "127.0.0.1",
                  "PORT",
                  "0",
                  "DATABASE_URL",
                  "jdbc:h2:file:" + folder.resolve("storage"),
                  "FEED_URL",
                  "http://" + host + "/documents",
                  "FEED_ALLOWED_HOSTS",
                  host,
                  "FEED_QUOTA_WINDOW",
                  "60s",
                  "SHUTDOWN_QUIET",
                  "0ms"));
      Metrics metrics = new Metrics();
      try (App app = new App(config, "test", metrics, Tracing.off(metrics), new Trap(thread))) {
        app.start();
        await().dontCatchUncaughtExceptions().until(() -> !upstream.asked().isEmpty());
      }
      assertThat(told).singleElement().isInstanceOf(StackOverflowError.class);
    }
  }
}
