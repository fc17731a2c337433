package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import redis.clients.jedis.CommandArguments;

/**
 * Asks one of several servers, of which each may know, and keeps to it while it answers. It belongs
 * to one thread; any other may {@link #cutLate}.
 */
final class Guide implements AutoCloseable {

  private final Access access;
  private final List<Consumer<Link>> logins;
  private final Set<Address> seeds;
  private final Set<Address> addresses;
  private volatile Link link;
  private Address at;

  /**
   * A guide that has asked nobody yet.
   *
   * @param logins the ways to connect, to be tried one after the other
   */
  Guide(Access access, List<Consumer<Link>> logins) {
    this.access = access;
    this.logins = logins;
    seeds = Set.copyOf(access.url().addresses());
    addresses = new LinkedHashSet<>(access.url().addresses());
  }

  /** Others that may know, by the latest answer: those of an earlier one may be anybody by now. */
  void meet(Set<Address> others) {
    addresses.removeIf(known -> !seeds.contains(known) && !others.contains(known));
    addresses.addAll(others);
  }

  /** The one that answered last. */
  Address at() {
    return at;
  }

  /** Turns to another one next time: what this one says may be old. */
  void moveOn() {
    disconnect();
    if (at != null && addresses.remove(at)) {
      addresses.add(at); // behind the others
    }
  }

  /**
   * The answer of the first that gives one which can be used.
   *
   * @param reader of an answer; what it refuses by an exception is none
   * @throws StoreFailure of the last, if there is none
   */
  <T> T ask(CommandArguments question, Function<Object, T> reader) {
    StoreFailure last = new StoreFailure(UNAVAILABLE, "nobody is there to ask", null);
    for (int i = 0; i < addresses.size(); i++) {
      try {
        if (link == null) {
          connect(new ArrayList<>(addresses).get(0));
        }
        return reader.apply(link.run(question));
      } catch (RuntimeException e) {
        last = StoreFailure.noConnection(e);
        moveOn();
      }
    }
    throw last;
  }

  /** A part of an answer that is text. */
  static String text(Object part) {
    return new String((byte[]) part, StandardCharsets.UTF_8);
  }

  private void connect(Address address) {
    at = address;
    RuntimeException last = null;
    for (Consumer<Link> login : logins) {
      Link now = access.link(address, Node.resolve(address));
      link = now;
      try {
        login.accept(now);
        return;
      } catch (RuntimeException e) {
        last = e;
        disconnect();
      }
    }
    throw last;
  }

  void cutLate(long now) {
    Link asking = link;
    if (asking != null) {
      asking.cutIfLate(now);
    }
  }

  private void disconnect() {
    Link now = link;
    link = null;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public void close() {
    disconnect();
  }
}
