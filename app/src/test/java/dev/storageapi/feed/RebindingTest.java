package dev.storageapi.feed;

import static dev.storageapi.feed.Fetches.upstream;
import static dev.storageapi.feed.Fetches.within;
import static dev.storageapi.feed.ScriptedUpstream.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.storageapi.feed.AddressRules.Refused;
import java.net.InetAddress;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A name whose address changes between the look and the request. */
class RebindingTest {

  /** Gives the addresses in turn, one a lookup. */
  private static AddressRules rules(String allowed, String... addresses) {
    Deque<String> left = new ArrayDeque<>(List.of(addresses));
    return new AddressRules(List.of(allowed), host -> InetAddress.getAllByName(left.remove()));
  }

  @Test
  void aRequestGoesToTheVeryAddressThatWasJudged() throws InterruptedException {
    try (ScriptedUpstream server = ScriptedUpstream.saying(answer(200, "[]"))) {
      String host = "a.example:" + server.port(); // which nobody but the rules can look up
      try (Upstream upstream =
          upstream(
              URI.create("http://" + host + "/x"), rules(host, "127.0.0.1"), within(5000, 9))) {
        assertThat(upstream.fetch(Validators.NONE).outcome()).isEqualTo(Outcome.SUCCESS);
      }
      assertThat(server.heads()).singleElement().asString().contains("Host: " + host + "\r\n");
    }
  }

  @Test
  void noAnswerOfTheNameServerIsTrustedTwice() throws Exception {
    AddressRules rules = rules("other:80", "8.8.8.8", "127.0.0.1");
    URI url = URI.create("http://a.example/");

    assertThat(rules.addressOf(url)).isEqualTo(InetAddress.getByName("8.8.8.8"));
    assertThatThrownBy(() -> rules.addressOf(url)).isInstanceOf(Refused.class);
  }

  @Test
  void eachStepOfARedirectIsLookedUpAnew() throws InterruptedException {
    try (ScriptedUpstream server =
        ScriptedUpstream.saying(answer(302, "", "Location: http://b.example:1/"))) {
      String host = "a.example:" + server.port();
      try (Upstream upstream =
          upstream(
              URI.create("http://" + host + "/"),
              rules(host, "127.0.0.1", "10.0.0.1"),
              within(5000, 9))) {
        assertThat(upstream.fetch(Validators.NONE))
            .isEqualTo(
                Answer.failed(
                    Outcome.REFUSED,
                    "10.0.0.1 is not public, and the host is not on the allow list"));
      }
    }
  }

  @Test
  void httpsKeepsTheNameForTheCertificate() throws InterruptedException {
    try (ScriptedUpstream server = ScriptedUpstream.saying("")) {
      String host = "localhost:" + server.port();
      try (Upstream upstream =
          upstream(URI.create("https://" + host + "/"), rules(host, "127.0.0.2"), within(500, 9))) {
        upstream.fetch(Validators.NONE);
      }
      await().until(() -> !server.heads().isEmpty());
      assertThat(server.heads().get(0)).contains("localhost"); // SNI, in the clear
    }
  }
}
