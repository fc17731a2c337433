package dev.storageapi.feed;

import static dev.storageapi.feed.Fetches.fetch;
import static dev.storageapi.feed.Fetches.within;
import static dev.storageapi.feed.ScriptedUpstream.answer;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every step of a redirect is judged as the first. */
class RedirectsTest {

  private static final Validators KNOWN = new Validators("\"v1\"", "yesterday");

  private static String to(String location) {
    return answer(302, "", "Location: " + location);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void aRedirectWithinTheOriginIsFollowed(int status) throws InterruptedException {
    String moved = answer(status, "elsewhere", "Location: /moved?x#y");
    try (ScriptedUpstream server =
        new ScriptedUpstream(
            (head, to) ->
                to.send(
                    head.startsWith("GET /moved?x HTTP/1.1\r\n")
                        ? answer(200, "[]", "ETag: \"v2\"", "X-RateLimit-Remaining: 7")
                        : moved))) {
      Answer answer = fetch(server, KNOWN);

      assertThat(answer.outcome()).isEqualTo(Outcome.SUCCESS);
      assertThat(answer.body().orElseThrow()).hasSize(2);
      assertThat(answer.quotaRemaining()).hasValue(7);
      assertThat(server.heads()).hasSize(2);
    }
  }

  /** RFC 9110, 8.8.3: a tag says nothing of another URL, not even of the same origin. */
  @Test
  void onlyTheConfiguredUrlIsAskedOnConditionAndHasItsTagsKept() throws InterruptedException {
    try (ScriptedUpstream server =
        new ScriptedUpstream(
            (head, to) ->
                to.send(
                    head.startsWith("GET /moved ")
                        ? answer(200, "[]", "ETag: \"v2\"")
                        : answer(302, "", "Location: /moved", "ETag: \"v3\"")))) {
      Answer answer = fetch(server, KNOWN);

      assertThat(answer.outcome()).isEqualTo(Outcome.SUCCESS);
      assertThat(answer.validators()).isEqualTo(Validators.NONE);
      assertThat(server.heads().get(0)).contains("If-None-Match: \"v1\"\r\n");
      assertThat(server.heads().get(1))
          .doesNotContainIgnoringCase("if-none-match", "if-modified-since");
    }
  }

  @Test
  void threeRedirectsAreFollowedAndAFourthIsNot() throws InterruptedException {
    for (int redirects : new int[] {3, 4}) {
      try (ScriptedUpstream server =
          new ScriptedUpstream(
              (head, to) -> {
                int step = head.startsWith("GET /documents ") ? 0 : head.charAt(5) - '0';
                to.send(step == redirects ? answer(200, "[]") : to("/" + (step + 1)));
              })) {
        assertThat(fetch(server).outcome())
            .isEqualTo(redirects == 3 ? Outcome.SUCCESS : Outcome.REFUSED);
        assertThat(server.heads()).hasSize(4);
      }
    }
  }

  @Test
  void aLoopEnds() throws InterruptedException {
    try (ScriptedUpstream server = ScriptedUpstream.saying(to("/documents"))) {
      assertThat(fetch(server)).isEqualTo(Answer.failed(Outcome.REFUSED, "more than 3 redirects"));
      assertThat(server.heads()).hasSize(4);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///etc/passwd",
        "ftp://a.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://localhost/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://user:secret@a.example/",
        "//10.0.0.1/",
        "http://[",
        "javascript:alert(1)",
        "\u00e9",
        ""
      })
  void aRedirectToWhereNobodyShouldGoIsRefused(String location) throws InterruptedException {
    try (ScriptedUpstream server = ScriptedUpstream.saying(to(location))) {
      Answer answer = fetch(server);

      assertThat(answer.outcome()).isEqualTo(Outcome.REFUSED);
      assertThat(answer.detail()).doesNotContain("secret", "passwd", "alert");
      assertThat(server.heads()).hasSize(1);
    }
  }

  @Test
  void aRedirectWithoutTargetIsRefused() throws InterruptedException {
    assertThat(fetch(answer(302, ""))).isEqualTo(Answer.failed(Outcome.REFUSED, "not a URL"));
  }

  @Test
  void anotherPortOfAnAllowedHostIsNotAsked() throws InterruptedException {
    try (ScriptedUpstream other = ScriptedUpstream.saying(answer(200, "[]"));
        ScriptedUpstream server =
            ScriptedUpstream.saying(to("http://a.example:" + other.port() + "/"))) {
      assertThat(fetch(server).outcome()).isEqualTo(Outcome.REFUSED);
      assertThat(other.heads()).isEmpty();
    }
  }

  @Test
  void anotherOriginLearnsNothingOfThisOne() throws InterruptedException {
    try (ScriptedUpstream other =
            ScriptedUpstream.saying(
                answer(200, "[]", "ETag: \"theirs\"", "X-RateLimit-Remaining: 7"));
        ScriptedUpstream server =
            ScriptedUpstream.saying(to("http://b.example:" + other.port() + "/x"));
        Upstream upstream =
            Fetches.upstream(
                URI.create("http://a.example:" + server.port() + "/"),
                new AddressRules(
                    List.of("a.example:" + server.port(), "b.example:" + other.port()),
                    host -> InetAddress.getAllByName("127.0.0.1")),
                within(10_000, 1000))) {
      Answer answer = upstream.fetch(KNOWN);

      assertThat(answer.outcome()).isEqualTo(Outcome.SUCCESS);
      assertThat(answer.validators()).isEqualTo(Validators.NONE);
      assertThat(answer.quotaRemaining()).isEmpty();
      assertThat(other.heads().get(0))
          .contains("Host: b.example:" + other.port() + "\r\n")
          .doesNotContainIgnoringCase("if-none-match", "if-modified-since", "referer");
    }
  }
}
