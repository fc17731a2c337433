package dev.storageapi.telemetry;

import static ch.qos.logback.classic.Level.ERROR;
import static ch.qos.logback.classic.Level.OFF;
import static ch.qos.logback.classic.Level.WARN;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import java.io.OutputStream;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The log output of the process: SLF4J through Logback, one event a line, written in the background
 * by {@link AsyncOutput}. There is one at a time; starting another ends the one before.
 *
 * <pre>{@code
 * var stdout = new FileOutputStream(FileDescriptor.out); // System.out would hide its failures
 * try (var logs = Logs.start(Format.LOGFMT, Level.INFO, Map.of(), 1 << 20, stdout, listener)) {
 *   logger.atInfo().addKeyValue("id", 7).log("stored");
 * }
 * }</pre>
 */
public final class Logs implements AutoCloseable {
  /** Reason of a drop: the writer did not keep up, and the queue had no room. */
  public static final String QUEUE_FULL = "queue_full";

  /** Reason of a drop: the output threw. Part of the batch may have been written. */
  public static final String WRITE_FAILED = "write_failed";

  /** Reason of a drop: logged after the end, or not yet written 2 s after it. */
  public static final String SHUTDOWN = "shutdown";

  /** How a line is written: {@link LogfmtEncoder} or {@link JsonEncoder}. */
  public enum Format {
    LOGFMT,
    JSON
  }

  /**
   * Counts events. Called on the threads that log and on the writer, so it must be safe for use by
   * many threads, quick, and must not throw or log.
   */
  public interface Listener {
    /** Called once for every event of an enabled level, whether or not it is dropped later. */
    void logged(Level level);

    /** Called with one of the reasons above and the number, at least 1, of events lost to it. */
    void dropped(String reason, int count);
  }

  /**
   * What libraries write, whose INFO is about themselves. A database that is lost is told once, by
   * who looks after it, and not for each connection and each try as well; what becomes of a fetch
   * is told by the feed. A level of these names can be set like any other.
   */
  private static final Map<String, ch.qos.logback.classic.Level> QUIET =
      Map.of(
          "com.zaxxer.hikari", WARN,
          "com.zaxxer.hikari.pool.PoolBase", ERROR,
          "com.zaxxer.hikari.pool.ProxyConnection", ERROR,
          "org.flywaydb", WARN,
          "io.opentelemetry.sdk.autoconfigure", WARN,
          "com.github.kagkarlsson.scheduler", OFF);

  private final AsyncOutput output;

  private Logs(AsyncOutput output) {
    this.output = output;
  }

  /**
   * Replaces whatever Logback was doing by this output.
   *
   * @param level of every logger that is not, and has no parent, in {@code loggers}
   * @param loggers levels by logger name
   * @param queueBytes how much may wait to be written
   * @param out written and flushed by one thread, never closed; must throw when it fails
   */
  public static Logs start(
      Format format,
      Level level,
      Map<String, Level> loggers,
      long queueBytes,
      OutputStream out,
      Listener listener) {
    LineEncoder encoder =
        switch (format) {
          case LOGFMT -> new LogfmtEncoder();
          case JSON -> new JsonEncoder();
        };
    return start(
        level, loggers, new AsyncOutput(encoder, queueBytes, out, listener, System::nanoTime));
  }

  static Logs start(Level level, Map<String, Level> loggers, AsyncOutput output) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    context.setMaxCallerDataDepth(1);
    QUIET.forEach((name, its) -> context.getLogger(name).setLevel(its));
    loggers.forEach((name, its) -> context.getLogger(name).setLevel(logback(its)));
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(logback(level));
    output.setContext(context);
    output.start();
    root.addAppender(output);
    return new Logs(output);
  }

  /** Writes what is queued and returns within 2 s; see {@link #SHUTDOWN}. Idempotent. */
  @Override
  public void close() {
    output.stop();
  }

  private static ch.qos.logback.classic.Level logback(Level level) {
    return ch.qos.logback.classic.Level.convertAnSLF4JLevel(level);
  }

  /**
   * Found by Logback as a service: keeps it from searching for configuration files and from setting
   * up its own console output. Until {@link Logs#start} nothing is logged.
   */
  public static final class Silence extends ContextAwareBase implements Configurator {
    @Override
    public ExecutionStatus configure(LoggerContext context) {
      context.getStatusManager().add(new NopStatusListener()); // else it loads its printer
      return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
  }
}
