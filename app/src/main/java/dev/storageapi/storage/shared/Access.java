package dev.storageapi.storage.shared;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLSocketFactory;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.DefaultJedisClientConfig;

/**
 * How the servers of one store are spoken to: by which protocol, as whom, within which limits.
 *
 * @param tls nothing for plain text
 */
record Access(StoreUrl url, SharedStore.Limits limits, Optional<SSLSocketFactory> tls) {

  /** Bytes of what a server says of itself; a large cluster's slots are so many parts at most. */
  private static final long MOST_TOLD = 1 << 20;

  /**
   * What a URL asks for.
   *
   * @param trust nothing for the JVM's own
   */
  static Access of(StoreUrl url, SharedStore.Limits limits, Optional<SSLSocketFactory> trust) {
    return new Access(
        url, limits, url.tls() ? trust.or(() -> Optional.of(Trust.ofJvm())) : Optional.empty());
  }

  /** RESP 2, and no command but those that are needed: AUTH with a password, SELECT but for 0. */
  private DefaultJedisClientConfig.Builder config() {
    return DefaultJedisClientConfig.builder()
        .resp2()
        .autoNegotiateProtocol(false)
        .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
        .socketTimeoutMillis(timeoutMillis());
  }

  private int timeoutMillis() {
    return Math.toIntExact(limits.command().toMillis());
  }

  /** A link for objects that is not connected, of a pool's generation. */
  Link link(Address address, InetAddress resolved, long generation) {
    return link(address, resolved, limits.objectBytes(), generation);
  }

  /** A link for what servers say of themselves that is not connected. */
  Link link(Address address, InetAddress resolved) {
    return link(address, resolved, MOST_TOLD, 0);
  }

  private Link link(Address address, InetAddress resolved, long mostBytes, long generation) {
    Wire wire = new Wire(address, resolved, tls, timeoutMillis());
    return new Link(wire, limits.command(), mostBytes, generation);
  }

  /** Connects it, and logs in. */
  void open(Link link) {
    link.connect(
        config().user(url.user()).password(url.password()).database(url.database()).build());
  }

  /** Sentinels may want a password, which is then the store's. */
  List<Consumer<Link>> sentinelLogins() {
    Consumer<Link> open = link -> link.connect(config().build());
    Consumer<Link> closed =
        link -> link.connect(config().user(url.user()).password(url.password()).build());
    return url.password() == null ? List.of(open) : List.of(closed, open);
  }

  /** What a server says of itself. */
  Facts facts(String info) {
    return Facts.of(info, url.database(), url.kind() == StoreUrl.Kind.CLUSTER);
  }
}
