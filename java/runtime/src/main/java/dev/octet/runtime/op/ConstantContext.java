// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;

/** What a kind works with while it prepares constants. Structures live until the session closes. */
public interface ConstantContext {
  /** Returns the operation, with symbols for the sizes that runs decide. */
  OperationView operation();

  /** Returns the constant in a role, null if nothing stands there. */
  DLTensor tensor(String role);

  /** Returns the constant in a role as a compact tensor of another shape. */
  DLTensor tensor(String role, long[] shape);

  /** Returns the grid of the value in a role, null if it has none. */
  octet_grid grid(String role);

  /** Returns memory that lives until the session closes. */
  NativeBlock allocate(long bytes);

  /** Returns memory for further structures. */
  StructMemory structs();
}
