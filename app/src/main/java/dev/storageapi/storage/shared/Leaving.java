package dev.storageapi.storage.shared;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Servers that are none of the store's any more. What they were asked before may end, in its time:
 * an old master may be frozen. Safe for use by several threads.
 */
final class Leaving {

  private final Set<Node> nodes = ConcurrentHashMap.newKeySet();

  /** Closes one, and remembers it while anybody has a connection of it. */
  void add(Node node) {
    nodes.add(node);
    node.close();
  }

  /** Ends the commands whose time is over, and forgets who has none. */
  void cutLate(long now) {
    nodes.forEach(node -> node.cutLate(now));
    nodes.removeIf(Node::isGone);
  }

  /** Ends every command. */
  void cut() {
    nodes.forEach(Node::cut);
  }
}
