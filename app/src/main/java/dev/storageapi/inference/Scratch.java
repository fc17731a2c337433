package dev.storageapi.inference;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Memory outside the heap, which the runtime reads without a copy; one thread's, used again. */
final class Scratch {

  private FloatBuffer buffer = FloatBuffer.allocate(0);

  /** An empty buffer of that many floats; the one before is no longer to be used. */
  FloatBuffer of(int floats) {
    if (buffer.capacity() < floats) {
      buffer =
          ByteBuffer.allocateDirect(Math.multiplyExact(floats, Float.BYTES))
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
    }
    return buffer.clear().limit(floats);
  }
}
