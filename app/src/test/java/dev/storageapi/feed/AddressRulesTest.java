package dev.storageapi.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.feed.AddressRules.Refused;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRulesTest {

  private final List<String> lookedUp = new ArrayList<>();

  /** Looks up as the JDK does, but {@code a.example}, which has the given addresses. */
  private AddressRules rules(List<String> allowed, String... addresses) {
    return new AddressRules(
        allowed,
        host -> {
          lookedUp.add(host);
          if (!host.equalsIgnoreCase("a.example")) {
            return InetAddress.getAllByName(host);
          }
          InetAddress[] found = new InetAddress[addresses.length];
          for (int i = 0; i < found.length; i++) {
            found[i] = InetAddress.getByName(addresses[i]);
          }
          return found;
        });
  }

  @Test
  void aNameWithPublicAddressesLeadsToTheFirst() throws Exception {
    AddressRules rules = rules(List.of(), "8.8.8.8", "2606:4700::1111");

    assertThat(rules.addressOf(URI.create("https://a.example/x")))
        .isEqualTo(InetAddress.getByName("8.8.8.8"));
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1,8.8.8.8", "8.8.8.8,10.0.0.1", "8.8.8.8,fe80::1", "169.254.169.254,::1"})
  void oneAddressThatIsNotPublicIsEnoughToRefuse(String one, String other) {
    assertThatThrownBy(
            () -> rules(List.of(), one, other).addressOf(URI.create("http://a.example/")))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("is not public");
  }

  @Test
  void aNameWithoutAddressIsUnknown() {
    assertThatThrownBy(() -> rules(List.of()).addressOf(URI.create("http://a.example/")))
        .isInstanceOf(UnknownHostException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://a.example:5050/",
        "http://A.Example:5050/x?y",
        "https://a.example:5050/",
        "http://b.example/",
        "https://[::1]/"
      })
  void theAllowListExemptsAHostAndPort(String url) throws Exception {
    AddressRules rules =
        new AddressRules(
            List.of("A.example:5050", "b.example:80", "[::1]:443"),
            host -> new InetAddress[] {InetAddress.getLoopbackAddress()});

    assertThat(rules.addressOf(URI.create(url))).isEqualTo(InetAddress.getLoopbackAddress());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://a.example/",
        "http://a.example:5051/",
        "https://a.example/",
        "http://x.a.example:5050/",
        "http://a.example.x:5050/",
        "http://127.0.0.1:5050/"
      })
  void theAllowListExemptsNothingElse(String url) {
    AddressRules rules =
        new AddressRules(
            List.of("a.example:5050"),
            host -> new InetAddress[] {InetAddress.getLoopbackAddress()});

    assertThatThrownBy(() -> rules.addressOf(URI.create(url))).isInstanceOf(Refused.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1/",
        "http://10.0.0.1:8080/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.000.000.001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.1./",
        "http://8.8.8.8.8/",
        "http://localhost./",
        "http://a.example./",
        "http://a.example.7/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://user@a.example/",
        "http://user:secret@a.example/",
        "http://@a.example/",
        "http://a.example@127.0.0.1/",
        "http://a.example:80@127.0.0.1/",
        "http://a_b.example/",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://a.example:99999999999/",
        "http:///x",
        "http:x",
        "//a.example/",
        "/x",
        "",
        " ",
        "http://a.example/ x",
        "http://a.example/\u00e9",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://a.example\\@127.0.0.1/",
        "http://a.example/\r\nX: y",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "ftp://a.example/",
        "gopher://a.example/",
        "jar:http://a.example/x!/",
        "javascript:alert(1)",
        "data:application/json,[]",
        "http://a.example/#x"
      })
  void whatMayNotBeConfiguredIsNamedWithoutRepeatingIt(String url) {
    Optional<String> problem = rules(List.of()).problem(url);

    assertThat(problem).isPresent();
    assertThat(problem.get()).doesNotContain("secret", "passwd", "a.example", "\n");
    assertThat(lookedUp).allMatch(host -> host.startsWith("[") || host.matches("[0-9.]+"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://a.example",
        "HTTPS://A.example:8443/x/y?z=%20&u=v@w",
        "http://localhost:5050/documents",
        "http://8.8.8.8/",
        "https://[2606:4700::1111]/x",
        "http://x-1.example/"
      })
  void whatMayBeConfiguredIsNotLookedUp(String url) {
    assertThat(rules(List.of()).problem(url)).isEmpty();
    assertThat(lookedUp).doesNotContain("a.example", "localhost");
  }

  @Test
  void anInnerAddressMayBeConfiguredIfItIsOnTheAllowList() {
    AddressRules rules = rules(List.of("127.0.0.1:5050", "[::1]:5050"));

    assertThat(rules.problem("http://127.0.0.1:5050/documents")).isEmpty();
    assertThat(rules.problem("http://[::1]:5050/documents")).isEmpty();
    assertThat(rules.problem("http://127.0.0.1:5051/documents")).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "http://a.example/b/c, d, http://a.example/b/d",
    "http://a.example/b/c, /d?e=f, http://a.example/d?e=f",
    "http://a.example/b/c, ?d=e, http://a.example/b/c?d=e",
    "http://a.example/b/c?d=e, ?f, http://a.example/b/c?f",
    "http://a.example, ?d=e, http://a.example?d=e",
    "http://a.example//b/, ?d=e, http://a.example//b/?d=e",
    "http://a.example, b, http://a.example/b",
    "http://a.example/b, //c.example/d, http://c.example/d",
    "http://a.example/b, https://a.example/b, https://a.example/b",
    "https://a.example/b, /c, https://a.example/c",
    "http://a.example/b, file:///etc/passwd, file:///etc/passwd"
  })
  void aRedirectLeadsWhereItsTargetSays(String from, String location, String to) throws Refused {
    assertThat(AddressRules.redirect(URI.create(from), Optional.of(location))).hasToString(to);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a.example/b", "HTTP://b.example/", "", " ", "http://[", "\u00e9"})
  void aRedirectFromHttpsLeadsNeitherToHttpNorNowhere(String location) {
    assertThatThrownBy(
            () -> AddressRules.redirect(URI.create("https://a.example/b"), Optional.of(location)))
        .isInstanceOf(Refused.class);
  }

  @Test
  void aRedirectNeedsATarget() {
    assertThatThrownBy(
            () -> AddressRules.redirect(URI.create("http://a.example/"), Optional.empty()))
        .isInstanceOf(Refused.class);
  }
}
