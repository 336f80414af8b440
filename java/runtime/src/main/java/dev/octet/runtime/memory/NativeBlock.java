// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of native memory aligned to 64 bytes, freed by {@link #close()} and by nothing else.
 *
 * <p>{@link #liveBytes()} and {@link #liveBlocks()} count what is allocated in the process, so that
 * tests can tell leaks.
 */
public final class NativeBlock implements MemoryBlock {
  /** The alignment of every block, in bytes. */
  public static final int ALIGNMENT = 64;

  private static final AtomicLong LIVE_BYTES = new AtomicLong();
  private static final AtomicLong LIVE_BLOCKS = new AtomicLong();

  private final Pointer allocation;
  private final long address;
  private final long bytes;
  private final AtomicBoolean freed = new AtomicBoolean();

  private NativeBlock(Pointer allocation, long address, long bytes) {
    this.allocation = allocation;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Allocates a block; its contents are undefined.
   *
   * @param bytes at least 0
   * @param purpose what it is for, in a message
   * @throws NativeMemoryException if the memory can't be had
   */
  public static NativeBlock allocate(long bytes, String purpose) {
    if (bytes < 0 || bytes > Long.MAX_VALUE - ALIGNMENT) {
      throw new IllegalArgumentException("bytes is " + bytes + " for " + purpose);
    }
    Pointer allocation = Pointer.malloc(bytes + ALIGNMENT);
    if (allocation == null || allocation.isNull()) {
      throw new NativeMemoryException(
          "the system gave no " + bytes + " bytes of native memory for " + purpose);
    }
    long start = allocation.address();
    long aligned = start + (ALIGNMENT - start % ALIGNMENT) % ALIGNMENT;
    LIVE_BYTES.addAndGet(bytes);
    LIVE_BLOCKS.incrementAndGet();
    return new NativeBlock(allocation, aligned, bytes);
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  /** Returns a view of a part, in the processor's byte order; valid until the block is closed. */
  public ByteBuffer buffer(long offset, int length) {
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes from " + offset + " of a block of " + bytes);
    }
    return view(address + offset, length);
  }

  /** Returns a view of memory that someone else owns and keeps. */
  public static ByteBuffer view(long address, int length) {
    if (length == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    return new BytePointer(new Address(address))
        .capacity(length)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    if (freed.compareAndSet(false, true)) {
      Pointer.free(allocation);
      LIVE_BYTES.addAndGet(-bytes);
      LIVE_BLOCKS.decrementAndGet();
    }
  }

  /** Returns the bytes of all blocks in the process that are not closed. */
  public static long liveBytes() {
    return LIVE_BYTES.get();
  }

  /** Returns the number of blocks in the process that are not closed. */
  public static long liveBlocks() {
    return LIVE_BLOCKS.get();
  }
}
