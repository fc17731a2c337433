package dev.storageapi.feed;

import dev.storageapi.feed.AddressRules.Refused;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * What one fetch brought.
 *
 * @param outcome of {@link Outcome#SUCCESS} the body still has to be read by {@link Mapping}
 * @param detail for people who read logs; no secrets, and of what came from outside numbers only
 * @param body the bytes of a 200; empty with every other outcome
 * @param validators what to send next time; none but with 200 and 304
 * @param quotaRemaining the requests left in the upstream's window, if it said so
 * @param retryAfter how long to wait, if a 429 or 503 said so; not capped
 */
record Answer(
    Outcome outcome,
    String detail,
    Optional<byte[]> body,
    Validators validators,
    OptionalLong quotaRemaining,
    Optional<Duration> retryAfter) {

  private static final Set<Integer> HAVE_RETRY_AFTER = Set.of(429, 503);

  /**
   * Reads a response that is no redirect.
   *
   * @param sent what the request had; a 304 may leave out what has not changed
   * @param limit the most bytes of a body, for people
   */
  static Answer of(
      HttpResponse<Optional<byte[]>> response, Validators sent, long limit, Instant now) {
    AnswerHeaders headers = new AnswerHeaders(response.headers());
    int status = response.statusCode();
    Outcome outcome = outcome(response, headers, sent);
    return new Answer(
        outcome,
        detail(outcome, status, limit),
        response.body(),
        validators(outcome, headers, sent),
        headers.quotaRemaining(),
        HAVE_RETRY_AFTER.contains(status) ? headers.retryAfter(now) : Optional.empty());
  }

  private static Outcome outcome(
      HttpResponse<Optional<byte[]>> response, AnswerHeaders headers, Validators sent) {
    if (response.statusCode() == 200 && response.body().isEmpty()) {
      return headers.encoded() ? Outcome.INVALID : Outcome.TOO_LARGE;
    }
    return switch (response.statusCode()) {
      case 200 -> Outcome.SUCCESS;
      case 304 -> sent.equals(Validators.NONE) ? Outcome.UPSTREAM_ERROR : Outcome.NOT_MODIFIED;
      case 429 -> Outcome.RATE_LIMITED;
      default -> Outcome.UPSTREAM_ERROR;
    };
  }

  private static String detail(Outcome outcome, int status, long limit) {
    return switch (outcome) {
      case INVALID -> "the body is encoded, which was not asked for";
      case TOO_LARGE -> "the body has more than " + limit + " bytes";
      default -> "answered " + status;
    };
  }

  private static Validators validators(Outcome outcome, AnswerHeaders headers, Validators sent) {
    return switch (outcome) {
      case SUCCESS -> headers.validators();
      case NOT_MODIFIED -> headers.validators().or(sent);
      default -> Validators.NONE;
    };
  }

  /** No answer came, and why. */
  static Answer failed(Outcome outcome, String detail) {
    return new Answer(
        outcome, detail, Optional.empty(), Validators.NONE, OptionalLong.empty(), Optional.empty());
  }

  /** No answer came, for a reason that the JDK's client or the rules threw. */
  static Answer failed(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    } else if (cause instanceof Refused) {
      return failed(Outcome.REFUSED, cause.getMessage());
    } else if (cause instanceof UnknownHostException) {
      return failed(Outcome.UNREACHABLE, "the host's name has no address");
    } else if (cause instanceof HttpConnectTimeoutException) {
      return failed(Outcome.UNREACHABLE, "no connection in time");
    } else if (cause instanceof ConnectException) {
      return failed(Outcome.UNREACHABLE, "no connection");
    } else if (cause instanceof SSLException) {
      return failed(Outcome.UNREACHABLE, "no TLS: the certificate or the handshake");
    }
    return failed(
        Outcome.UPSTREAM_ERROR,
        "the answer broke off or was not HTTP: " + cause.getClass().getSimpleName());
  }

  /**
   * The same, but of another URL than the configured one: its validators are not ours to keep, and
   * of another origin neither is its quota.
   */
  Answer ofAnother(boolean sameOrigin) {
    OptionalLong quota = sameOrigin ? quotaRemaining : OptionalLong.empty();
    return new Answer(outcome, detail, body, Validators.NONE, quota, retryAfter);
  }
}
