package dev.storageapi.storage.shared;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.util.Collection;

/** The servers of a store that can be written to, and which of them has a key. */
interface Servers extends AutoCloseable {

  /** Those of a store, by how its URL says that they are found. */
  static Servers of(Access access) {
    return switch (access.url().kind()) {
      case SINGLE -> new OneServer(access);
      case CLUSTER -> new ClusterServers(access);
      case SENTINEL -> new SentinelServers(access);
    };
  }

  /**
   * Finds them and looks at each; for one thread.
   *
   * @throws StoreFailure if they cannot be found
   */
  void look();

  /** All that are known. */
  Collection<Node> nodes();

  /** Those that have keys: the store is as they are. */
  default Collection<Node> owners() {
    return nodes();
  }

  /**
   * The one that has a key.
   *
   * @throws StoreFailure if that is not known
   */
  Node of(byte[] key);

  /**
   * The one that a server says it is.
   *
   * @param slot the part of the keys
   * @param moved whether it has moved there for good
   * @throws StoreFailure if there is only one, or if its name has to be looked up first
   */
  Node redirected(int slot, Address address, boolean moved);

  /** Ends the commands whose time is over, also of servers that are none of the store's by now. */
  default void cutLate(long now) {
    nodes().forEach(node -> node.cutLate(now));
  }

  /** Ends every command, and closes every connection. */
  @Override
  void close();
}
