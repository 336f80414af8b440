// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code cumulative_sum}: the sums of whole numbers along {@code axis} up to each place, with the
 * element there. They wrap around at the ends of the type.
 */
final class CumulativeSumKind extends OperationKind {
  CumulativeSumKind() {
    super(
        Signature.of("cumulative_sum", 1)
            .input("x", Signature.types(ElementType.I64), GridRule.NONE)
            .output("out", Signature.types(ElementType.I64), GridRule.NONE)
            .attribute(AttributeSpec.integer("axis", -1L, -Shape.MAX_RANK, Shape.MAX_RANK))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Shape x = operation.shape("x");
    operation.axis("axis", x.rank());
    return Map.of("out", x);
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.I64, null);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    int axis = operation.axis("axis", operation.shape("x").rank());
    DLTensor x = context.tensor("x");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_cumulative_sum(x, axis, out, stream);
      }
    };
  }
}
