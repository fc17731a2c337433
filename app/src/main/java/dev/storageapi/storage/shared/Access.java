package dev.storageapi.storage.shared;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.net.InetAddress;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisClientConfig;

/** How the servers of one store are spoken to: by which protocol, as whom, within which limits. */
record Access(
    StoreUrl url,
    SharedStore.Limits limits,
    Optional<SSLSocketFactory> tls,
    JedisClientConfig login) {

  static Access of(StoreUrl url, SharedStore.Limits limits, Optional<SSLSocketFactory> tls) {
    return new Access(
        url,
        limits,
        url.tls() ? tls.or(() -> Optional.of(Trust.ofJvm())) : Optional.empty(),
        config(limits).user(url.user()).password(url.password()).database(url.database()).build());
  }

  /** RESP 2, and no command but those that are needed: AUTH with a password, SELECT but for 0. */
  private static DefaultJedisClientConfig.Builder config(SharedStore.Limits limits) {
    return DefaultJedisClientConfig.builder()
        .resp2()
        .autoNegotiateProtocol(false)
        .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
        .socketTimeoutMillis((int) limits.command().toMillis());
  }

  /** A link that is not connected. */
  Link link(Address address, InetAddress resolved, long generation) {
    return new Link(
        new Wire(address, resolved, tls, (int) limits.command().toMillis()),
        limits.command(),
        generation);
  }

  /** Connects it, and logs in. */
  void open(Link link) {
    link.connect(login);
  }

  Facts facts(String info) {
    return Facts.of(info, url.database(), url.kind() == StoreUrl.Kind.CLUSTER);
  }
}
