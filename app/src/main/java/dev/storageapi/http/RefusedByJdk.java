package dev.storageapi.http;

import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hears of the requests that the JDK's server answers before any filter: bad request lines, headers
 * and lengths. It tells nobody but its own debug log, in lines such as {@code GET x HTTP/1.1 [400
 * Bad Request] (Bad request line)}; those of answered requests have nothing between the last
 * brackets. What it closes without an answer cannot be heard of.
 */
public final class RefusedByJdk extends Handler {

  private static final Pattern REFUSED =
      Pattern.compile("^.*\\[(\\d{3}) [^\\]]*\\] \\((.+)\\)$", Pattern.DOTALL);

  private final Logger logger = Logger.getLogger("com.sun.net.httpserver");
  private final Consumer<Refused> listener;

  /**
   * One refused request.
   *
   * @param status the status that the client got
   * @param reason the JDK's words
   */
  public record Refused(int status, String reason) {}

  /** Begins to listen; {@link #close} ends it. */
  public RefusedByJdk(Consumer<Refused> listener) {
    this.listener = listener;
    setLevel(Level.FINE);
    logger.setLevel(Level.FINE);
    logger.setUseParentHandlers(false);
    logger.addHandler(this);
  }

  @Override
  public void publish(LogRecord record) {
    String message = record.getMessage();
    if (message == null || message.endsWith("()")) {
      return;
    }
    Matcher refused = REFUSED.matcher(message);
    if (refused.find()) {
      listener.accept(new Refused(Integer.parseInt(refused.group(1)), refused.group(2)));
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}
