// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import org.bytedeco.javacpp.Pointer;

/**
 * What a kind works with while it prepares constants, which it does on the host. Structures live
 * until the session closes.
 */
public interface ConstantContext {
  /** Returns the operation, with symbols for the sizes that runs decide. */
  OperationView operation();

  /** Returns the device that calls run on. */
  Device device();

  /** Returns the stream in which memory of the device is filled: null on the CPU. */
  Pointer stream();

  /** Returns the constant in a role, in memory of the host; null if nothing stands there. */
  DLTensor tensor(String role);

  /** Returns the constant in a role as a compact tensor of another shape. */
  DLTensor tensor(String role, long[] shape);

  /** Returns the grid of the value in a role, null if it has none. */
  octet_grid grid(String role);

  /**
   * Returns memory of the host that lives until the session closes, or, where calls run on another
   * device and so don't read it, until all constants are prepared.
   */
  NativeBlock allocate(long bytes);

  /** Returns memory of the host that lives until the session closes. */
  NativeBlock keep(long bytes);

  /** Returns memory of the device that lives until the session closes. */
  MemoryBlock allocateOnDevice(long bytes);

  /**
   * Returns what a block is filled with as a compact tensor on the device, copied there if need be.
   */
  DLTensor place(NativeBlock block, ElementType type, long[] shape);

  /** Returns memory of the host for further structures. */
  StructMemory structs();
}
