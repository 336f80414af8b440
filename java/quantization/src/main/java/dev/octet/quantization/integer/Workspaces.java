// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.AlignedMemory;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Workspaces of the layers of a model: one for each call that runs at the same time, as large as
 * the largest that was asked for. Safe for use by several threads.
 */
final class Workspaces implements AutoCloseable {
  private final Deque<AlignedMemory> idle = new ArrayDeque<>();
  private boolean closed;

  /** Returns a workspace of at least some bytes, for one call, which gives it back. */
  AlignedMemory take(long bytes) {
    AlignedMemory memory;
    synchronized (this) {
      memory = idle.pollLast();
    }
    if (memory != null && memory.bytes() >= bytes) {
      return memory;
    }
    if (memory != null) {
      memory.close();
    }
    return new AlignedMemory(bytes);
  }

  /** Takes a workspace back. */
  void give(AlignedMemory memory) {
    synchronized (this) {
      if (!closed) {
        idle.addLast(memory);
        return;
      }
    }
    memory.close();
  }

  /** Frees the workspaces; those of calls that still run are freed when they come back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.forEach(AlignedMemory::close);
    idle.clear();
  }
}
