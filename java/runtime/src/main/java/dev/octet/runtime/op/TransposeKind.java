// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code transpose}: dimension i of the output is dimension {@code order[i]} of x; a compact copy.
 */
final class TransposeKind extends OperationKind {
  TransposeKind() {
    super(
        Signature.of("transpose", 1)
            .input("x", Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.list("order", null, 0, Shape.MAX_RANK - 1))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    Shape x = operation.shape("x");
    long[] order = operation.list("order");
    boolean[] seen = new boolean[x.rank()];
    boolean fits = order.length == x.rank();
    List<Dimension> sizes = new ArrayList<>();
    for (int i = 0; fits && i < order.length; i++) {
      int dimension = (int) order[i];
      fits = dimension < x.rank() && !seen[dimension];
      if (fits) {
        seen[dimension] = true;
        sizes.add(x.get(dimension));
      }
    }
    if (!fits) {
      throw operation.error(
          "attribute 'order' does not name each of the " + x.rank() + " dimensions of x once");
    }
    return Map.of("out", Shape.of(sizes));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    long[] sizes = context.operation().shape("x").sizes();
    long[] steps = Moves.strides(sizes);
    long[] order = context.operation().list("order");
    long[] shape = new long[order.length];
    long[] strides = new long[order.length];
    for (int i = 0; i < order.length; i++) {
      shape[i] = sizes[(int) order[i]];
      strides[i] = steps[(int) order[i]];
    }
    return Moves.copy(context, shape, strides, 0);
  }
}
