// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.Device;
import java.util.Random;

/**
 * Blocks of random s8 codes. Random ones, since a device runs faster on constant data, which it
 * needs less power for.
 */
public final class RandomCodes {
  private static final int CHUNK = 1 << 20;

  private RandomCodes() {}

  /** Makes a block of the host. */
  public static NativeBlock onHost(long bytes, long seed) {
    Random random = new Random(seed);
    NativeBlock block = NativeBlock.allocate(bytes, "random codes");
    byte[] chunk = new byte[CHUNK];
    for (long at = 0; at < bytes; at += CHUNK) {
      int length = (int) Math.min(CHUNK, bytes - at);
      random.nextBytes(chunk);
      block.buffer(at, length).put(chunk, 0, length);
    }
    return block;
  }

  /** Makes a block of a device. */
  public static DeviceBlock onDevice(Device device, long bytes, long seed) {
    try (NativeBlock block = onHost(bytes, seed)) {
      return onDevice(device, block);
    }
  }

  /** Copies a block of the host to a device. */
  public static DeviceBlock onDevice(Device device, NativeBlock block) {
    DeviceBlock copy = DeviceBlock.allocate(device, block.bytes(), "random codes");
    try (CudaStream stream = CudaStream.create(device)) {
      stream.copy(copy.address(), block.address(), block.bytes());
      stream.synchronize();
    }
    return copy;
  }
}
