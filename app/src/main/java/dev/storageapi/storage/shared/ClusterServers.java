package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  private static final String NO_OWNER = "some keys have no server";

  private final Access access;
  private final Guide guide;
  private final Leaving leaving = new Leaving();
  private final Map<Address, Node> nodes = new ConcurrentHashMap<>();
  private final Map<Address, Long> redirections = new ConcurrentHashMap<>();
  private volatile Set<Address> primaries = Set.of();
  private final AtomicReferenceArray<Node> slots =
      new AtomicReferenceArray<>(Protocol.CLUSTER_HASHSLOTS);

  ClusterServers(Access access) {
    this.access = access;
    guide = new Guide(access, List.of(access::open));
  }

  @Override
  public void look() {
    boolean whole = find();
    redirections.keySet().forEach(this::node); // those whose name is to be looked up
    nodes.values().forEach(Node::look);
    if (!whole || owners().stream().anyMatch(node -> !node.state().up())) {
      guide.moveOn();
    }
    if (!whole) {
      throw new StoreFailure(UNAVAILABLE, NO_OWNER, null);
    }
  }

  /** Whether every key has a server. While nobody can be asked, what was known goes on. */
  private boolean find() {
    try {
      return apply(guide.ask(QUESTION, this::read));
    } catch (StoreFailure e) {
      if (nodes.isEmpty()) {
        throw e;
      }
      log.debug("no server of the cluster tells who has which keys", e);
      return !NO_OWNER.equals(e.getMessage());
    }
  }

  /** Of a list of first slot, last slot, primary, replicas; a server is host, port and more. */
  private Map<Integer, Address> read(Object told) {
    Map<Integer, Address> owners = new HashMap<>();
    for (Object one : (List<?>) told) {
      List<?> range = (List<?>) one;
      List<?> server = (List<?>) range.get(2);
      String host = server.get(0) == null ? null : Guide.text(server.get(0));
      Address address = Address.told(host, number(server.get(1)), guide.at());
      for (int slot = number(range.get(0)); slot <= number(range.get(1)); slot++) {
        owners.put(slot, address);
      }
    }
    if (owners.isEmpty()) { // it is of no cluster, or of another one
      throw new StoreFailure(UNAVAILABLE, NO_OWNER, null);
    }
    return owners;
  }

  private boolean apply(Map<Integer, Address> owners) {
    for (int slot = 0; slot < slots.length(); slot++) {
      Address owner = owners.get(slot);
      slots.set(slot, owner == null ? null : node(owner));
    }
    primaries = Set.copyOf(owners.values());
    guide.meet(primaries);
    forget();
    return owners.size() == slots.length();
  }

  /** By its name alone: that is looked up when the server is looked at. */
  private Node node(Address address) {
    return nodes.computeIfAbsent(address, unknown -> new Node(unknown, access));
  }

  private void forget() {
    long now = System.nanoTime();
    redirections.values().removeIf(since -> now - since > STAY.toNanos());
    Set<Address> gone = new HashSet<>(nodes.keySet());
    gone.removeAll(primaries);
    gone.removeAll(redirections.keySet());
    gone.forEach(address -> leaving.add(nodes.remove(address)));
  }

  private static int number(Object part) {
    return Math.toIntExact((Long) part);
  }

  @Override
  public Collection<Node> nodes() {
    return nodes.values();
  }

  /** Those that only redirections know have none of the keys for good. */
  @Override
  public Collection<Node> owners() {
    return nodes.values().stream().filter(node -> primaries.contains(node.address())).toList();
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
    Node node = nodes.get(address);
    if (node == null && address.isLiteral()) {
      Node unknown = Node.recommended(address, Node.resolve(address), access);
      node = Objects.requireNonNullElse(nodes.putIfAbsent(address, unknown), unknown);
    }
    if (node == null) { // a name server may be slow: the next look asks it
      throw new StoreFailure(UNAVAILABLE, "it names a server that is not known yet", null);
    }
    if (moved) {
      slots.set(slot, node);
    }
    return node;
  }

  @Override
  public void cutLate(long now) {
    guide.cutLate(now);
    leaving.cutLate(now);
    Servers.super.cutLate(now);
  }

  @Override
  public void close() {
    guide.close();
    leaving.cut();
    nodes.values().forEach(Node::cut);
  }
}
