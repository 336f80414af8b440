// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Native memory as kernels want it, aligned to 64 bytes. Freed by {@link #close()}, whatever scope
 * it was made in; by the garbage collector if nobody calls that.
 */
public final class AlignedMemory implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  private final BytePointer allocation;
  private final Pointer start;
  private final long bytes;

  /** Allocates memory with undefined contents. */
  public AlignedMemory(long bytes) {
    this.bytes = bytes;
    allocation = new BytePointer(bytes + ALIGNMENT);
    // A scope that happens to be open must not free what outlives it.
    allocation.retainReference();
    start = allocation.getPointer(BytePointer.class, -allocation.address() & (ALIGNMENT - 1));
  }

  /** Returns the size in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Returns the first byte; borrowed. */
  Pointer start() {
    return start;
  }

  /** Frees the memory, which nothing may use any more. */
  @Override
  public void close() {
    allocation.deallocate();
  }
}
