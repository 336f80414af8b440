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
 * {@code where}: elements of a where the mask is not 0, else of b, as they are; all three are
 * broadcast. a, b and the output have one type and one grid.
 */
final class WhereKind extends OperationKind {
  WhereKind() {
    super(
        Signature.of("where", 1)
            .input("mask", Signature.types(ElementType.BOOL, ElementType.U8), GridRule.NONE)
            .input("a", Signature.ALL, GridRule.OPTIONAL)
            .input("b", Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "a");
    Moves.requireSameElements(operation, "b");
    Shape both = Broadcast.of(operation, operation.shape("a"), operation.shape("b"));
    return Map.of("out", Broadcast.of(operation, operation.shape("mask"), both));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("a"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    DLTensor mask = context.tensor("mask");
    DLTensor a = context.tensor("a");
    DLTensor b = context.tensor("b");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_where(mask, a, b, out, stream);
      }
    };
  }
}
