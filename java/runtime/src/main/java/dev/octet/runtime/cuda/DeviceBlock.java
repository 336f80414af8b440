// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.type.Device;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A block of memory of a CUDA device, aligned to 256 bytes, or of the host where the device reads
 * and writes it directly ("pinned").
 *
 * <p>{@link #liveBytes()} and {@link #liveBlocks()} count what is allocated in the process, so that
 * tests can tell leaks.
 */
public final class DeviceBlock implements MemoryBlock {
  private static final AtomicLong LIVE_BYTES = new AtomicLong();
  private static final AtomicLong LIVE_BLOCKS = new AtomicLong();

  private final Device device;
  private final boolean pinned;
  private final long address;
  private final long bytes;
  private final AtomicBoolean freed = new AtomicBoolean();

  private DeviceBlock(Device device, boolean pinned, long address, long bytes) {
    this.device = device;
    this.pinned = pinned;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Allocates a block of the device; its contents are undefined.
   *
   * @param device a CUDA device that can be used
   * @param bytes at least 0
   * @param purpose what it is for, in a message
   * @throws NativeMemoryException if the memory can't be had
   */
  public static DeviceBlock allocate(Device device, long bytes, String purpose) {
    return make(device, false, bytes, purpose);
  }

  /**
   * Allocates a block of the host, for copies to and from the device.
   *
   * @param device a CUDA device that can be used
   * @param bytes at least 0
   * @param purpose what it is for, in a message
   * @throws NativeMemoryException if the memory can't be had
   */
  public static DeviceBlock pinned(Device device, long bytes, String purpose) {
    return make(device, true, bytes, purpose);
  }

  private static DeviceBlock make(Device device, boolean pinned, long bytes, String purpose) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes is " + bytes + " for " + purpose);
    }
    try (PointerPointer<?> memory = new PointerPointer<>(1)) {
      int status =
          pinned
              ? octet.octet_cuda_allocate_host(device.index(), bytes, memory)
              : octet.octet_cuda_allocate(device.index(), bytes, memory);
      String where = pinned ? "the host of " + device : device.toString();
      CudaDevices.checkAllocation(status, where, bytes, purpose);
      LIVE_BYTES.addAndGet(bytes);
      LIVE_BLOCKS.incrementAndGet();
      return new DeviceBlock(device, pinned, CudaDevices.pointee(memory), bytes);
    }
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (freed.compareAndSet(false, true)) {
      Address memory = new Address(address);
      int status =
          pinned
              ? octet.octet_cuda_free_host(device.index(), memory)
              : octet.octet_cuda_free(device.index(), memory);
      LIVE_BYTES.addAndGet(-bytes);
      LIVE_BLOCKS.decrementAndGet();
      CudaDevices.checkFree(status, bytes + " bytes of " + device);
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
