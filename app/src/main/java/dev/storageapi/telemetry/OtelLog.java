package dev.storageapi.telemetry;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.slf4j.LoggerFactory;

/**
 * What OpenTelemetry's SDK says by {@code java.util.logging}, in our log. Why spans could not be
 * sent goes into the report of the {@link SpanQueue}, and not into lines of its own.
 */
final class OtelLog extends Handler {

  private static final String ROOT = "io.opentelemetry";

  /** Says why a batch could not be sent, and nothing else. */
  private static final String EXPORTER = ROOT + ".exporter.otlp.internal.HttpExporter";

  /** Held here: the JDK forgets the handlers of a logger that nobody holds. */
  private final Logger logger = Logger.getLogger(ROOT);

  private final SpanQueue queue;

  OtelLog(SpanQueue queue) {
    this.queue = queue;
    setFormatter(new SimpleFormatter());
    logger.setUseParentHandlers(false);
    logger.addHandler(this);
  }

  @Override
  public void publish(LogRecord event) {
    String name = event.getLoggerName() == null ? ROOT : event.getLoggerName();
    String message = getFormatter().formatMessage(event);
    boolean problem = event.getLevel().intValue() >= Level.WARNING.intValue();
    if (name.equals(EXPORTER)) {
      queue.problem(event.getThrown() == null ? message : message + " " + event.getThrown());
    } else {
      (problem ? log(name).atWarn() : log(name).atInfo()).setCause(event.getThrown()).log(message);
    }
  }

  private static org.slf4j.Logger log(String name) {
    return LoggerFactory.getLogger(name);
  }

  @Override
  public void flush() {}

  /** Hears of nothing any more. */
  @Override
  public void close() {
    logger.removeHandler(this);
  }
}
