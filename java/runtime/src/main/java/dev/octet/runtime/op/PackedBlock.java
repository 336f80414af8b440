// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Weights as kernels take them: a block of the host or, where calls run on a device, the handle of
 * a block there. The memory lives as long as the session.
 *
 * @param address where the block or the handle is
 * @param bytes how many bytes it has
 */
record PackedBlock(Address address, long bytes) {
  /** Says how many bytes are needed, and returns an {@code octet_status}. */
  interface Size {
    int run(SizeTPointer bytes);
  }

  /** Fills memory, and returns an {@code octet_status}. */
  interface Fill {
    int run(Address memory, long bytes);
  }

  /** Packs weights into memory of the session, on its device. */
  static PackedBlock of(ConstantContext context, Size size, Fill fill, DeviceWeights onDevice) {
    NativeBlock block = context.allocate(bytes(size));
    Address memory = new Address(block.address());
    NativeLibrary.check(fill.run(memory, block.bytes()));
    PackedBlock packed = new PackedBlock(memory, block.bytes());
    return context.device().isCpu() ? packed : packed.placed(context, onDevice);
  }

  private PackedBlock placed(ConstantContext context, DeviceWeights form) {
    MemoryBlock block =
        context.allocateOnDevice(bytes(needed -> form.size(address, bytes, needed)));
    NativeBlock handle = context.keep(form.handleBytes());
    Address handleAddress = new Address(handle.address());
    NativeLibrary.check(
        form.place(
            address, bytes, context.device().index(), block, handleAddress, context.stream()));
    return new PackedBlock(handleAddress, handle.bytes());
  }

  /** Returns what a function says that takes a pointer to a size. */
  static long bytes(Size size) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      NativeLibrary.check(size.run(bytes));
      return bytes.get();
    }
  }
}
