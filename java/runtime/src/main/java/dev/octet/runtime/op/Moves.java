// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Value;
import org.bytedeco.javacpp.Pointer;

/** What operations have in common that move elements without changing them. */
final class Moves {
  private Moves() {}

  /** Checks that the output has the type and the grid of an input. */
  static void requireSameElements(OperationView operation, String role) {
    Value x = operation.input(role);
    Value out = operation.output("out");
    Grid grid = x.grid();
    if (grid != null && !grid.isPerTensor()) {
      throw operation.error(
          "input '" + role + "' has the grid " + grid + "; expected one scale, or none");
    }
    boolean sameGrid = grid == null ? out.grid() == null : grid.equals(out.grid());
    if (out.type() != x.type() || !sameGrid) {
      throw operation.error(
          "makes '"
              + out.name()
              + "' of type "
              + out.type()
              + (out.grid() == null ? "" : " and grid " + out.grid())
              + " from "
              + x.type()
              + (grid == null ? "" : " with grid " + grid)
              + "; expected the same");
    }
  }

  /** Returns an output of the type and grid of an input; null if there is no input. */
  static Value sameElements(Value input, String name) {
    boolean known = input != null && (input.grid() == null || input.grid().isPerTensor());
    return known ? OperationKind.like(name, input.type(), input.grid()) : null;
  }

  /** Returns the steps of a compact tensor. */
  static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long step = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = step;
      step *= Math.max(1, shape[i]);
    }
    return strides;
  }

  /** Returns the copy of a view of x to the output. */
  static NativeCall copy(CallContext context, long[] shape, long[] strides, long offset) {
    Pointer stream = context.stream();
    DLTensor x = context.tensor("x", shape, strides, offset);
    DLTensor out = context.tensor("out", shape);
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_copy(x, out, stream);
      }
    };
  }
}
