package dev.storageapi.feed;

import static dev.storageapi.feed.Fetches.within;
import static dev.storageapi.feed.ScriptedUpstream.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.storageapi.feed.ScriptedUpstream.Script;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A fetch ends by its deadline, at its limit of bytes, and when it is told to. */
class UpstreamLimitsTest {

  private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final byte[] PIECE = new byte[64 * 1024];

  /** Upstreams that take their time, each in another place. */
  @SuppressWarnings("ImmutableEnumChecker") // the scripts hold nothing
  enum Slow {
    SILENT((head, to) -> to.hang()),
    HEAD_STOPS(
        (head, to) -> {
          to.send("HTTP/1.1 200 OK\r\nX-Rate");
          to.hang();
        }),
    HEAD_TRICKLES(
        (head, to) -> {
          to.send("HTTP/1.1 200 OK\r\nX: ");
          for (; ; to.pause(10)) {
            to.send("x");
          }
        }),
    BODY_STOPS(
        (head, to) -> {
          to.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
          to.hang();
        }),
    BODY_TRICKLES(
        (head, to) -> {
          to.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n");
          for (; ; to.pause(10)) {
            to.send(" ");
          }
        }),
    CHUNKS_TRICKLE(
        (head, to) -> {
          to.send(CHUNKED);
          for (; ; to.pause(10)) {
            to.send("1\r\n \r\n");
          }
        });

    private final transient Script script;

    Slow(Script script) {
      this.script = script;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whateverIsSlowIsEndedAtTheDeadline(Slow slow) throws InterruptedException {
    try (ScriptedUpstream server = new ScriptedUpstream(slow.script);
        Upstream upstream = Fetches.upstream(server, within(700, 1_000_000))) {
      long start = System.nanoTime();
      Answer answer = upstream.fetch(Validators.NONE);
      Duration took = Duration.ofNanos(System.nanoTime() - start);

      assertThat(answer).isEqualTo(Answer.failed(Outcome.TIMEOUT, "no whole answer within 700 ms"));
      assertThat(took).isBetween(Duration.ofMillis(690), Duration.ofSeconds(5));
      await().until(() -> server.open() == 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void closeEndsAFetchUnderWay(Slow slow) throws Exception {
    try (ScriptedUpstream server = new ScriptedUpstream(slow.script)) {
      Upstream upstream = Fetches.upstream(server, within(60_000, 1_000_000));
      FutureTask<Answer> fetch = new FutureTask<>(() -> upstream.fetch(Validators.NONE));
      new Thread(fetch, "fetch").start();
      await().until(() -> server.heads().size() == 1);

      upstream.close();

      assertInterrupted(fetch);
      await().until(() -> server.open() == 0);
      assertThatThrownBy(() -> upstream.fetch(Validators.NONE))
          .isInstanceOf(InterruptedException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SILENT", "BODY_TRICKLES"})
  void anInterruptEndsAFetchUnderWay(Slow slow) throws Exception {
    try (ScriptedUpstream server = new ScriptedUpstream(slow.script);
        Upstream upstream = Fetches.upstream(server, within(60_000, 1_000_000))) {
      FutureTask<Answer> fetch = new FutureTask<>(() -> upstream.fetch(Validators.NONE));
      Thread thread = new Thread(fetch, "fetch");
      thread.start();
      await().until(() -> server.heads().size() == 1);

      thread.interrupt();

      assertInterrupted(fetch);
      await().until(() -> server.open() == 0);
    }
  }

  private static void assertInterrupted(FutureTask<Answer> fetch)
      throws InterruptedException, TimeoutException {
    try {
      assertThat(fetch.get(5, TimeUnit.SECONDS)).as("there is no answer").isNull();
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void aLookupThatHangsIsGivenUpAtTheDeadline() throws InterruptedException {
    CountDownLatch hang = new CountDownLatch(1);
    AddressRules rules =
        new AddressRules(
            List.of("a.example:80"),
            host -> {
              try {
                hang.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return new InetAddress[0];
            });
    try (Upstream upstream =
        Fetches.upstream(URI.create("http://a.example/"), rules, within(200, 10))) {
      assertThat(upstream.fetch(Validators.NONE).outcome()).isEqualTo(Outcome.TIMEOUT);
      assertThat(upstream.fetch(Validators.NONE).outcome()).isEqualTo(Outcome.TIMEOUT);
    } finally {
      hang.countDown();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBodyOfFiveGigabytesIsStoppedAtTheLimit(boolean chunked) throws InterruptedException {
    Script endless =
        (head, to) -> {
          to.send(chunked ? CHUNKED : "HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n");
          for (long sent = 0; sent < 5368709120L; sent += PIECE.length) {
            to.send(chunked ? "10000\r\n" : "");
            to.send(PIECE);
            to.send(chunked ? "\r\n" : "");
          }
        };
    try (ScriptedUpstream server = new ScriptedUpstream(endless);
        Upstream upstream = Fetches.upstream(server, within(10_000, 1_000_000))) {
      Answer answer = upstream.fetch(Validators.NONE);

      assertThat(answer.outcome()).isEqualTo(Outcome.TOO_LARGE);
      assertThat(answer.detail()).isEqualTo("the body has more than 1000000 bytes");
      assertThat(answer.body()).isEmpty();
      await().until(() -> server.open() == 0);
      assertThat(server.sent()).isBetween(1_000_000L, 32_000_000L); // the system's buffers
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"500 X", "200 OK\r\nContent-Encoding: gzip", "302 X\r\nLocation: file:/"})
  void aBodyThatNobodyWantsIsNotReadAtAll(String start) throws InterruptedException {
    Script endless =
        (head, to) -> {
          to.send("HTTP/1.1 " + start + "\r\nContent-Length: 5368709120\r\n\r\n");
          for (long sent = 0; sent < 5368709120L; sent += PIECE.length) {
            to.send(PIECE);
          }
        };
    try (ScriptedUpstream server = new ScriptedUpstream(endless);
        Upstream upstream = Fetches.upstream(server, within(10_000, 1_000_000))) {
      assertThat(upstream.fetch(Validators.NONE).body()).isEmpty();

      await().until(() -> server.open() == 0);
      assertThat(server.sent()).isLessThan(32_000_000);
    }
  }

  @Test
  void aRefusalIsKnownBeforeItsBody() throws InterruptedException {
    Script slow =
        (head, to) -> {
          to.send("HTTP/1.1 429 X\r\nRetry-After: 5\r\nContent-Length: 100\r\n\r\n");
          to.hang();
        };
    try (ScriptedUpstream server = new ScriptedUpstream(slow)) {
      assertThat(Fetches.fetch(server).retryAfter()).contains(Duration.ofSeconds(5));
      await().until(() -> server.open() == 0);
    }
  }

  @Test
  void aBodyMayHaveAsManyBytesAsTheLimit() throws InterruptedException {
    try (ScriptedUpstream server = ScriptedUpstream.saying(answer(200, "x".repeat(100_000)));
        Upstream enough = Fetches.upstream(server, within(10_000, 100_000));
        Upstream less = Fetches.upstream(server, within(10_000, 99_999))) {
      assertThat(enough.fetch(Validators.NONE).body().orElseThrow()).hasSize(100_000);
      assertThat(less.fetch(Validators.NONE).outcome()).isEqualTo(Outcome.TOO_LARGE);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"X-A: y\r\n", "y", "HTTP/1.1 100 Continue\r\n\r\n"})
  void aHeadWithoutEndIsStopped(String piece) throws InterruptedException {
    String much = piece.repeat(65_536 / piece.length());
    Script endless =
        (head, to) -> {
          to.send(piece.startsWith("HTTP") ? "" : "HTTP/1.1 200 OK\r\nX: ");
          for (long sent = 0; sent < 5368709120L; sent += much.length()) {
            to.send(much);
          }
        };
    try (ScriptedUpstream server = new ScriptedUpstream(endless);
        Upstream upstream = Fetches.upstream(server, within(10_000, 1_000_000))) {
      assertThat(upstream.fetch(Validators.NONE).outcome()).isEqualTo(Outcome.UPSTREAM_ERROR);
      assertThat(server.sent()).isLessThan(32_000_000);
    }
  }
}
