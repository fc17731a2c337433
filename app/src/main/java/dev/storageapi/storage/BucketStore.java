package dev.storageapi.storage;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Objects by id. It knows no HTTP, and returns what became of a call; operations on one id are
 * linearizable. Safe for use by many threads.
 */
public interface BucketStore {

  /** What became of {@link #put}. */
  enum Put {
    /** It is stored. */
    STORED,
    /** There is no room for it; what was there before is untouched. */
    FULL
  }

  /** What became of {@link #remove}. */
  enum Removal {
    /** It was there, and is gone. */
    REMOVED,
    /** There was nothing to remove. */
    ABSENT
  }

  /** Stores {@code object} under {@code id}, in place of what was there. Do not change it then. */
  Put put(String id, byte[] object);

  /** The object under {@code id}. The array may be the store's own: do not change it. */
  Optional<byte[]> get(String id);

  /** Removes the object under {@code id}. */
  Removal remove(String id);

  /** How many objects there are. Like the next two it is asked often, and never waits. */
  long count();

  /** How many bytes there are. */
  long bytes();

  /** How many bytes there may be; nothing where there is no limit. */
  OptionalLong capacity();
}
