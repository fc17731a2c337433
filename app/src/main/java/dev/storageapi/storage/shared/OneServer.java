package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.UNAVAILABLE;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.util.Collection;
import java.util.List;

/** One server, at an address that does not change. */
final class OneServer implements Servers {

  private final Node node;

  OneServer(Access access) {
    node = new Node(access.url().addresses().get(0), access);
  }

  @Override
  public void look() {
    node.look();
  }

  @Override
  public Collection<Node> nodes() {
    return List.of(node);
  }

  @Override
  public Node of(byte[] key) {
    return node;
  }

  @Override
  public Node redirected(int slot, Address address, boolean moved) {
    throw new StoreFailure(UNAVAILABLE, "it is one of a cluster", null);
  }

  @Override
  public void close() {
    node.cut();
  }
}
