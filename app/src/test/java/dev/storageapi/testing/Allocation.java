package dev.storageapi.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What this thread has allocated: the difference of two is what came between. */
public final class Allocation {

  private Allocation() {}

  /** Bytes since the thread began. */
  public static long bytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
