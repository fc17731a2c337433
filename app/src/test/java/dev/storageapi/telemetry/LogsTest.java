package dev.storageapi.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.Configurator;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

@SuppressWarnings("try") // what is started is there for its effect
final class LogsTest {
  private final Logger logger = LoggerFactory.getLogger(LogsTest.class);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<Level> logged = new CopyOnWriteArrayList<>();

  @Test
  void aLineLeadsToItsSource() {
    try (Logs logs = start(Logs.Format.LOGFMT, Map.of())) {
      logger.atWarn().addKeyValue("status", 500).log("refused {}", "on purpose");
    }
    assertThat(out.toString(UTF_8))
        .contains(" lvl=[WARN] ", " file=LogsTest.java line=")
        .endsWith(" msg=\"refused on purpose\" status=500\n");
  }

  @Test
  void theFormatIsAChoice() {
    try (Logs logs = start(Logs.Format.JSON, Map.of())) {
      logger.info("stored");
    }
    assertThat(out.toString(UTF_8)).startsWith("{\"tsp\":\"").endsWith("\"msg\":\"stored\"}\n");
  }

  @Test
  void aLoggerCanHaveItsOwnLevel() {
    Logger loud = LoggerFactory.getLogger("loud.child");
    Logger quiet = LoggerFactory.getLogger("quiet");
    try (Logs logs = start(Logs.Format.LOGFMT, Map.of("loud", Level.TRACE, "quiet", Level.ERROR))) {
      loud.trace("one");
      quiet.warn("no");
      quiet.error("two");
      logger.debug("no");
      logger.info("three");
    }
    assertThat(out.toString(UTF_8).lines().map(line -> line.replaceAll(".*msg=", "")))
        .containsExactly("\"one\"", "\"two\"", "\"three\"");
    assertThat(logged).containsExactly(Level.TRACE, Level.ERROR, Level.INFO);
  }

  @Test
  void logbackSetsUpNothingByItself() {
    assertThat(ServiceLoader.load(Configurator.class))
        .hasExactlyElementsOfTypes(Logs.Silence.class);
  }

  private Logs start(Logs.Format format, Map<String, Level> loggers) {
    return Logs.start(
        format,
        Level.INFO,
        loggers,
        1 << 20,
        out,
        new Logs.Listener() {
          @Override
          public void logged(Level level) {
            logged.add(level);
          }

          @Override
          public void dropped(String reason, int count) {
            throw new AssertionError(reason);
          }
        });
  }
}
