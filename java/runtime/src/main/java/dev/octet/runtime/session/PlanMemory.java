// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Counts the bytes of a session's plans against their limit. Safe for use by several threads. */
final class PlanMemory {
  /**
   * What every machine has. Up to here it is not asked: the classes of the JVM's management that
   * know it take longer to load than a small model takes to open.
   */
  private static final long UNASKED = 256L << 20;

  private static final class Machine {
    static final long BYTES =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  private final long most;
  private long reserved;

  /**
   * Sets the limit.
   *
   * @param most bytes, or {@link SessionOptions#MACHINE_MEMORY}
   */
  PlanMemory(long most) {
    this.most = most;
  }

  /** Returns the limit in bytes. */
  long most() {
    return most == SessionOptions.MACHINE_MEMORY ? Machine.BYTES : most;
  }

  /** Counts bytes that are about to be allocated; returns false if that were too many. */
  synchronized boolean tryReserve(long bytes) {
    boolean small = most == SessionOptions.MACHINE_MEMORY && bytes <= UNASKED - reserved;
    if (!small && bytes > most() - reserved) {
      return false;
    }
    reserved += bytes;
    return true;
  }

  /** Counts bytes no longer. */
  synchronized void release(long bytes) {
    reserved -= bytes;
  }

  /** Returns the bytes that are counted. */
  synchronized long reserved() {
    return reserved;
  }
}
