package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/**
 * One server at a time: the one that sentinels call the master. They are asked each time that the
 * store is looked at, so that a failover is followed within that time.
 */
final class SentinelServers implements Servers {

  private static final Logger log = LoggerFactory.getLogger(SentinelServers.class);

  private final Access access;
  private final Guide sentinels;
  private final CommandArguments question;
  private final Leaving leaving = new Leaving();
  private volatile Node node;

  SentinelServers(Access access) {
    this.access = access;
    sentinels = new Guide(access, access.sentinelLogins());
    question =
        new CommandArguments(Command.SENTINEL)
            .add("GET-MASTER-ADDR-BY-NAME")
            .add(access.url().master());
  }

  @Override
  public void look() {
    Node before = node;
    Address master = before == null ? master() : masterOr(before.address());
    if (before != null && before.address().equals(master)) {
      before.look();
    } else {
      node = new Node(master, access); // before it is looked at: that has a limit, too
      if (before != null) {
        log.atInfo().addKeyValue("store", access.url()).log("the shared store has another master");
        leaving.add(before);
      }
      node.look();
    }
    if (!node.state().up()) {
      sentinels.moveOn();
    }
  }

  /** While no sentinel answers, the last one that was known may go on. */
  private Address masterOr(Address known) {
    try {
      return master();
    } catch (StoreFailure e) {
      log.debug("no sentinel tells who is the master", e);
      return known;
    }
  }

  private Address master() {
    return sentinels.ask(question, SentinelServers::read);
  }

  /** Nil is of a sentinel that has lost its settings: another one may know. */
  private static Address read(Object told) {
    List<?> answer = (List<?>) told;
    if (answer == null) {
      throw new StoreFailure(UNAVAILABLE, "the sentinels do not know a master of that name", null);
    }
    return new Address(Guide.text(answer.get(0)), Integer.parseInt(Guide.text(answer.get(1))));
  }

  @Override
  public Collection<Node> nodes() {
    Node now = node;
    return now == null ? List.of() : List.of(now);
  }

  @Override
  public Node of(byte[] key) {
    Node now = node;
    if (now == null) {
      throw new StoreFailure(UNAVAILABLE, "no master is known", null);
    }
    return now;
  }

  @Override
  public Node redirected(int slot, Address address, boolean moved) {
    throw new StoreFailure(UNAVAILABLE, "it is one of a cluster", null);
  }

  @Override
  public void cutLate(long now) {
    sentinels.cutLate(now);
    leaving.cutLate(now);
    Servers.super.cutLate(now);
  }

  @Override
  public void close() {
    sentinels.close();
    leaving.cut();
    nodes().forEach(Node::cut);
  }
}
