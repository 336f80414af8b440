// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.NativeBlock;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Weights as kernels take them, in memory that lives as long as the session.
 *
 * @param address where they are
 * @param bytes how many bytes they have
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

  /** Packs weights into memory of the session. */
  static PackedBlock of(ConstantContext context, Size size, Fill fill) {
    NativeBlock block = context.allocate(bytes(size));
    Address memory = new Address(block.address());
    NativeLibrary.check(fill.run(memory, block.bytes()));
    return new PackedBlock(memory, block.bytes());
  }

  /** Returns what a function says that takes a pointer to a size. */
  static long bytes(Size size) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      NativeLibrary.check(size.run(bytes));
      return bytes.get();
    }
  }
}
