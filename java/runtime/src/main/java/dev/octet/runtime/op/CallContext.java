// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import org.bytedeco.javacpp.Pointer;

/** What a kind works with while it builds a call. Structures live as long as the call. */
public interface CallContext {
  /** Returns the operation, with numbers for all sizes. */
  OperationView operation();

  /** Returns the tensor in an input or output role, null if nothing stands there. */
  DLTensor tensor(String role);

  /** Returns the tensor in a role as a compact one of another shape. */
  DLTensor tensor(String role, long[] shape);

  /**
   * Returns a part of the tensor in a role.
   *
   * @param shape sizes
   * @param strides steps in elements
   * @param offset elements from the first one
   */
  DLTensor tensor(String role, long[] shape, long[] strides, long offset);

  /**
   * Returns a tensor with the same element everywhere.
   *
   * @param element the element's bits, in the lowest bytes
   */
  DLTensor repeated(ElementType type, long[] shape, long element);

  /** Returns the grid of the value in a role, null if it has none. */
  octet_grid grid(String role);

  /** Returns a grid as a structure. */
  octet_grid grid(Grid grid);

  /** Returns what {@link OperationKind#prepareConstants} made. */
  Object constants();

  /** Returns the workspace, aligned to 64; undefined contents. */
  Address workspace();

  /** Returns the size of the workspace in bytes. */
  long workspaceBytes();

  /** Returns the stream of the call: null on the CPU. */
  Pointer stream();

  /** Returns memory of the host for further structures. */
  StructMemory structs();
}
