package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.function.IntFunction;

/**
 * A request that was refused as it should be: 503 with {@code Retry-After}, as problem details.
 *
 * @param body of the answer
 * @param time until the answer was there
 */
public record Refused(String body, Duration time) {

  private static final String HEAD = "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";

  /**
   * Sends a request that is to be refused.
   *
   * @param seconds of {@code Retry-After}
   */
  public static Refused of(int port, String method, String target, int seconds) {
    try (RawClient client = RawClient.connect(port)) {
      long start = System.nanoTime();
      client.write(HEAD.formatted(method, target));
      RawClient.Answer answer = client.answer();
      Duration time = Duration.ofNanos(System.nanoTime() - start);
      assertThat(answer.status()).as("%s %s: %s", method, target, answer).isEqualTo(503);
      assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
      assertThat(answer.header("Retry-After")).isEqualTo(Integer.toString(seconds));
      return new Refused(answer.body(), time);
    }
  }

  /**
   * So many ask at once, and are answered within a time; so many threads may themselves be late now
   * and then.
   *
   * @param client asks, and tells how long it took; it gets the number of the client, from 0 on
   */
  public static void allAtOnce(int clients, Duration within, IntFunction<Duration> client)
      throws InterruptedException, ExecutionException {
    Duration[] times = new Duration[clients];
    Parallel.run(clients, number -> times[number] = client.apply(number));
    Arrays.sort(times);
    assertThat(times[clients * 95 / 100]).isLessThan(within);
    assertThat(times[clients - 1]).isLessThan(within.multipliedBy(2));
  }
}
