package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One server: its connections, and how it was when it was last looked at. Anybody may {@link #ask};
 * one thread looks, by a connection of its own.
 */
final class Node implements AutoCloseable {

  /**
   * How it is.
   *
   * @param up whether it can be asked
   * @param reason why not, in a few words for everybody
   * @param facts what it last said of itself
   */
  record State(boolean up, String reason, Optional<Facts> facts) {}

  private final Address address;
  private final Access access;
  private final Pool pool;
  private volatile State state = new State(false, "starting", Optional.empty());
  private volatile InetAddress resolved;
  private volatile Link own;

  Node(Address address, Access access) {
    this.address = address;
    this.access = access;
    pool =
        new Pool(
            generation -> access.link(address, resolved, generation),
            access.limits().pool(),
            access.limits().poolWait());
  }

  /** One that another server has named, by an address: it is believed to be there. */
  static Node recommended(Address address, InetAddress resolved, Access access) {
    Node node = new Node(address, access);
    node.resolved = resolved;
    node.state = new State(true, "", Optional.empty());
    return node;
  }

  Address address() {
    return address;
  }

  State state() {
    return state;
  }

  Pool pool() {
    return pool;
  }

  /**
   * Sends a command, and gives the answer.
   *
   * @param asking whether it follows a redirection by ASK
   * @throws StoreFailure if there is no connection for it; at once, if it is known to be away
   */
  Object ask(CommandArguments command, boolean asking) {
    requireUp();
    Link link = take();
    try {
      requireUp(); // it may have gone while this one waited for its turn
      return asking ? link.runAsking(command) : link.run(command);
    } catch (JedisConnectionException e) {
      if (StoreFailure.of(e).kind() == UNAVAILABLE) {
        pool.renew(); // what one has lost, the others may have lost, too
      }
      throw e;
    } finally {
      pool.giveBack(link);
    }
  }

  /** Fails at once if it is known to be away. */
  void requireUp() {
    State now = state;
    if (!now.up()) {
      throw new StoreFailure(UNAVAILABLE, now.reason(), null);
    }
  }

  private Link take() {
    try {
      return pool.take(access::open);
    } catch (RuntimeException e) {
      throw StoreFailure.noConnection(e);
    }
  }

  /** Looks how it is. */
  void look() {
    try {
      Facts facts = facts();
      state = new State(facts.trouble().isEmpty(), facts.trouble(), Optional.of(facts));
    } catch (RuntimeException e) {
      disconnect();
      state = new State(false, StoreFailure.noConnection(e).getMessage(), state.facts());
    }
    pool.tidy();
  }

  private Facts facts() {
    Optional<Facts> facts = Optional.empty();
    if (own != null) {
      facts = told();
    }
    return facts.orElseGet(
        () -> {
          connect();
          return info();
        });
  }

  /** Nothing if the connection is gone. */
  private Optional<Facts> told() {
    try {
      return Optional.of(info());
    } catch (JedisDataException e) {
      throw e;
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }

  private Facts info() {
    byte[] answer = (byte[]) own.run(new CommandArguments(Command.INFO));
    return access.facts(new String(answer, StandardCharsets.UTF_8));
  }

  private void connect() {
    disconnect();
    resolved = resolve(address);
    own = access.link(address, resolved);
    access.open(own);
    pool.renew();
  }

  /** Asks a name server, for as long as that takes, unless it is an address. */
  static InetAddress resolve(Address address) {
    String host = address.host();
    try {
      return InetAddress.getByName(host.contains(":") ? "[" + host + "]" : host);
    } catch (UnknownHostException e) {
      throw new JedisConnectionException(e);
    }
  }

  void cutLate(long now) {
    Link looking = own;
    if (looking != null) {
      looking.cutIfLate(now);
    }
    pool.cutLate(now);
  }

  private void disconnect() {
    if (own != null) {
      own.close();
    }
    own = null;
  }

  /** Whether it is closed, and nobody has a connection of it any more. */
  boolean isGone() {
    return pool.isGone();
  }

  /** Ends every command. */
  void cut() {
    close();
    pool.cut();
  }

  /** Commands under way may end; there is no other one. */
  @Override
  public void close() {
    state = new State(false, "closed", state.facts());
    disconnect();
    pool.close();
  }
}
