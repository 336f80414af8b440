// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.memory;

/** A block of memory, of the host or of a device, freed by {@link #close()} and by nothing else. */
public interface MemoryBlock extends AutoCloseable {
  /** Returns the address of the first byte. */
  long address();

  /** Returns the size in bytes. */
  long bytes();

  /** Frees the memory; calls after the first do nothing. */
  @Override
  void close();
}
