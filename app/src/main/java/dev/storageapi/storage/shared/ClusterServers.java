package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * The primaries of a cluster. Which of them has which keys one of them is asked each time that the
 * store is looked at; what a redirection says is believed at once.
 */
final class ClusterServers implements Servers {

  private static final Logger log = LoggerFactory.getLogger(ClusterServers.class);

  private static final CommandArguments QUESTION =
      new CommandArguments(Command.CLUSTER).add("SLOTS");

  /** How long one stays that only redirections know: it has none of the keys for good. */
  private static final Duration STAY = Duration.ofMinutes(1);

  private final Access access;
  private final Guide guide;
  private final Map<Address, Node> nodes = new ConcurrentHashMap<>();
  private final Map<Address, Long> redirections = new ConcurrentHashMap<>();
  private final AtomicReferenceArray<Node> slots =
      new AtomicReferenceArray<>(Protocol.CLUSTER_HASHSLOTS);

  ClusterServers(Access access) {
    this.access = access;
    guide = new Guide(access, List.of(access::open));
  }

  @Override
  public void look() {
    boolean whole = find();
    nodes.values().forEach(Node::look);
    if (!whole || nodes.values().stream().anyMatch(node -> !node.state().up())) {
      guide.moveOn();
    }
    if (!whole) {
      throw new StoreFailure(UNAVAILABLE, "some keys have no server", null);
    }
  }

  /** Whether every key has a server. While nobody can be asked, what was known goes on. */
  private boolean find() {
    try {
      return apply((List<?>) guide.ask(QUESTION));
    } catch (StoreFailure e) {
      if (nodes.isEmpty()) {
        throw e;
      }
      log.debug("no server of the cluster tells who has which keys", e);
      return true;
    }
  }

  /** Of a list of first slot, last slot, primary, replicas; a server is host, port and more. */
  private boolean apply(List<?> ranges) {
    Map<Integer, Node> owners = new HashMap<>();
    Set<Address> primaries = new HashSet<>();
    for (Object one : ranges) {
      List<?> range = (List<?>) one;
      Address address = address((List<?>) range.get(2));
      Node node = nodes.computeIfAbsent(address, known -> new Node(known, access));
      primaries.add(address);
      for (int slot = number(range.get(0)); slot <= number(range.get(1)); slot++) {
        owners.put(slot, node);
      }
    }
    for (int slot = 0; slot < slots.length(); slot++) {
      slots.set(slot, owners.get(slot));
    }
    guide.meet(primaries);
    forget(primaries);
    return owners.size() == slots.length();
  }

  /** A server that does not know its own name leaves it to whoever asked. */
  private Address address(List<?> server) {
    String host = server.get(0) == null ? "" : text(server.get(0));
    boolean known = !host.isEmpty() && !host.equals("?");
    return new Address(known ? host : guide.at().host(), number(server.get(1)));
  }

  private void forget(Set<Address> primaries) {
    long now = System.nanoTime();
    redirections.values().removeIf(since -> now - since > STAY.toNanos());
    Set<Address> gone = new HashSet<>(nodes.keySet());
    gone.removeAll(primaries);
    gone.removeAll(redirections.keySet());
    gone.forEach(address -> nodes.remove(address).close());
  }

  private static int number(Object part) {
    return Math.toIntExact((Long) part);
  }

  private static String text(Object part) {
    return new String((byte[]) part, StandardCharsets.UTF_8);
  }

  @Override
  public Collection<Node> nodes() {
    return nodes.values();
  }

  @Override
  public Node of(byte[] key) {
    Node node = slots.get(JedisClusterCRC16.getSlot(key));
    if (node == null) {
      throw new StoreFailure(UNAVAILABLE, "no server is known for that key", null);
    }
    return node;
  }

  @Override
  public Node redirected(int slot, Address address, boolean moved) {
    redirections.put(address, System.nanoTime());
    Node node = nodes.computeIfAbsent(address, unknown -> Node.recommended(unknown, access));
    if (moved) {
      slots.set(slot, node);
    }
    return node;
  }

  @Override
  public void cutLate(long now) {
    guide.cutLate(now);
    Servers.super.cutLate(now);
  }

  @Override
  public void close() {
    guide.close();
    nodes.values().forEach(Node::close);
  }
}
