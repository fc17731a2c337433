package dev.storageapi.feed;

import dev.storageapi.telemetry.Spans;
import java.net.InetAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** Fetches of a {@link ScriptedUpstream} under {@code a.example}, a name that only they know. */
final class Fetches {

  static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
  static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private Fetches() {}

  static Upstream.Limits within(long millis, long bodyBytes) {
    return new Upstream.Limits(Duration.ofSeconds(2), Duration.ofMillis(millis), bodyBytes);
  }

  static Upstream upstream(URI url, AddressRules rules, Upstream.Limits limits) {
    return new Upstream(url, rules, limits, "1.2.3", Spans.OFF, CLOCK);
  }

  /** Of {@code /documents}, within these limits. */
  static Upstream upstream(ScriptedUpstream server, Upstream.Limits limits) {
    return upstream(
        URI.create("http://a.example:" + server.port() + "/documents"), allowing(server), limits);
  }

  /** Every name is 127.0.0.1, and {@code a.example} is allowed to be. */
  static AddressRules allowing(ScriptedUpstream server) {
    return new AddressRules(
        List.of("a.example:" + server.port()), host -> InetAddress.getAllByName("127.0.0.1"));
  }

  /** Fetches once with nothing known, in 10 s at most. */
  static Answer fetch(ScriptedUpstream server) throws InterruptedException {
    return fetch(server, Validators.NONE);
  }

  static Answer fetch(ScriptedUpstream server, Validators known) throws InterruptedException {
    try (Upstream upstream = upstream(server, within(10_000, 1_000_000))) {
      return upstream.fetch(known);
    }
  }

  /** Fetches once what the server always answers. */
  static Answer fetch(String answer) throws InterruptedException {
    try (ScriptedUpstream server = ScriptedUpstream.saying(answer)) {
      return fetch(server);
    }
  }
}
