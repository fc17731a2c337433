package dev.storageapi.storage.shared;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * The shared store did not do what it was asked. Whether it changed something nobody knows where
 * its answer was waited for in vain; otherwise it did not.
 */
final class StoreFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why: a closed set, it is a label. */
  enum Kind {
    /** Down, not reachable, or not willing for now: try again later. */
    UNAVAILABLE,
    /** It did not answer in time: try again later. */
    TIMEOUT,
    /** Every connection was at work: try again later. */
    POOL_EXHAUSTED,
    /** It has no room for more. */
    FULL,
    /** A fault of the program, or of who wrote something else under our keys. */
    FAULT;

    /** The label's value. */
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How the server's errors begin: a code, by which programs are to tell them apart. */
  private static final Pattern CODE = Pattern.compile("([A-Z]{2,20})(?: .*)?", Pattern.DOTALL);

  private static final String NO_PLACE = "ERR max number of clients";

  private final Kind kind;
  private final String code;

  StoreFailure(Kind kind, String message, Throwable cause) {
    this(kind, "", message, cause);
  }

  private StoreFailure(Kind kind, String code, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.code = code;
  }

  /** What a command's failure means. The message is for everybody: it names no host and no key. */
  static StoreFailure of(RuntimeException thrown) {
    if (thrown instanceof StoreFailure failure) {
      return failure;
    }
    if (thrown instanceof JedisDataException answer) {
      return of(answer);
    }
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return new StoreFailure(Kind.TIMEOUT, "it does not answer in time", thrown);
      }
      if (cause instanceof IOException lost) {
        return new StoreFailure(Kind.UNAVAILABLE, text(lost), thrown);
      }
    }
    return thrown instanceof JedisConnectionException
        ? new StoreFailure(Kind.UNAVAILABLE, "the connection was lost", thrown)
        : new StoreFailure(Kind.FAULT, "it does not speak as expected", thrown);
  }

  /** A connection that cannot be had: whatever the reason, it may be there another time. */
  static StoreFailure noConnection(RuntimeException thrown) {
    StoreFailure failure = of(thrown);
    return failure.kind == Kind.FAULT || failure.kind == Kind.FULL
        ? new StoreFailure(Kind.UNAVAILABLE, failure.code, failure.getMessage(), thrown)
        : failure;
  }

  /** Whether a server that answers so does not listen any more. */
  static boolean endsConnection(RuntimeException thrown) {
    return thrown instanceof JedisDataException
        && thrown.getMessage() != null
        && thrown.getMessage().startsWith(NO_PLACE);
  }

  private static String text(IOException cause) {
    if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
      return "no connection can be made";
    }
    if (cause instanceof UnknownHostException) {
      return "its name is not known";
    }
    if (cause instanceof SSLHandshakeException || cause instanceof SSLPeerUnverifiedException) {
      return "its certificate is not trusted";
    }
    return cause instanceof SSLException ? "it does not speak TLS" : "the connection was lost";
  }

  private static StoreFailure of(JedisDataException answer) {
    String text = answer.getMessage() == null ? "" : answer.getMessage();
    Matcher matcher = CODE.matcher(text);
    String code = matcher.matches() ? matcher.group(1) : "ERR";
    return switch (code) {
      case "OOM" -> new StoreFailure(Kind.FULL, code, "it is full", answer);
      case "ERR", "WRONGTYPE" ->
          text.startsWith(NO_PLACE)
              ? new StoreFailure(Kind.UNAVAILABLE, code, "it takes no more connections", answer)
              : new StoreFailure(Kind.FAULT, code, "it answers " + code, answer);
      default -> new StoreFailure(Kind.UNAVAILABLE, code, explained(code), answer);
    };
  }

  private static String explained(String code) {
    return switch (code) {
      case "NOAUTH" -> "NOAUTH: it wants a password";
      case "WRONGPASS" -> "WRONGPASS: it does not accept the user or the password";
      case "NOPERM" -> "NOPERM: the user may not do that";
      case "LOADING" -> "LOADING: it reads its data";
      case "READONLY" -> "READONLY: it is a replica";
      case "MISCONF" -> "MISCONF: it cannot write to its disk";
      default -> "it answers " + code;
    };
  }

  Kind kind() {
    return kind;
  }

  /** The code of the server's error, or nothing if that was none. */
  String code() {
    return code;
  }
}
