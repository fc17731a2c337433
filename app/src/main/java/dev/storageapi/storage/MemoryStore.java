package dev.storageapi.storage;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Objects in the memory of this process, within a budget of bytes and objects. It takes no global
 * lock: the budget is two counters, reserved before an object goes in and given back when it goes.
 * Operations on one id are linearizable.
 */
public final class MemoryStore implements BucketStore {

  private final ConcurrentHashMap<String, byte[]> objects = new ConcurrentHashMap<>();
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final long maxObjects;
  private final long maxBytes;

  /** An empty store for at most {@code maxObjects} objects of {@code maxBytes} bytes together. */
  public MemoryStore(long maxBytes, long maxObjects) {
    this.maxBytes = maxBytes;
    this.maxObjects = maxObjects;
  }

  /** As {@link BucketStore#put}; does not copy the object. */
  @Override
  public Put put(String id, byte[] object) {
    Put[] outcome = {Put.STORED};
    objects.compute(
        id,
        (key, old) -> {
          long moreObjects = old == null ? 1 : 0;
          long moreBytes = (long) object.length - (old == null ? 0 : old.length);
          if (reserve(moreObjects, moreBytes)) {
            return object;
          }
          outcome[0] = Put.FULL;
          return old;
        });
    return outcome[0];
  }

  /** Takes from the budget, both or neither. Shrinking always succeeds, even in a full store. */
  private boolean reserve(long moreObjects, long moreBytes) {
    if (!add(count, moreObjects, maxObjects)) {
      return false;
    }
    if (!add(bytes, moreBytes, maxBytes)) {
      count.addAndGet(-moreObjects);
      return false;
    }
    return true;
  }

  /** Adds what fits, without ever showing others a sum that does not. */
  private static boolean add(AtomicLong sum, long more, long limit) {
    long now = sum.get();
    while (more <= 0 || now + more <= limit) {
      if (sum.compareAndSet(now, now + more)) {
        return true;
      }
      now = sum.get();
    }
    return false;
  }

  @Override
  public Optional<byte[]> get(String id) {
    return Optional.ofNullable(objects.get(id));
  }

  @Override
  public Removal remove(String id) {
    byte[] old = objects.remove(id);
    if (old == null) {
      return Removal.ABSENT;
    }
    bytes.addAndGet(-old.length);
    count.decrementAndGet();
    return Removal.REMOVED;
  }

  @Override
  public long count() {
    return count.get();
  }

  /** Of the objects alone, ids and bookkeeping aside. */
  @Override
  public long bytes() {
    return bytes.get();
  }

  @Override
  public OptionalLong capacity() {
    return OptionalLong.of(maxBytes);
  }
}
