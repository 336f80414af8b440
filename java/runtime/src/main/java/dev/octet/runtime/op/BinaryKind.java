// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/** {@code binary}: a function of two inputs that are broadcast, then an activation. */
final class BinaryKind extends OperationKind {
  BinaryKind() {
    super(
        Signature.of("binary", 1)
            .input("a", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .input("b", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.choice("function", BinaryFunction.class, null))
            .attribute(AttributeSpec.choice("activation", Activation.class, Activation.NONE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", Broadcast.of(operation, operation.shape("a"), operation.shape("b")));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    int function = operation.choice("function", BinaryFunction.class).code();
    int activation = operation.choice("activation", Activation.class).code();
    DLTensor a = context.tensor("a");
    octet_grid aGrid = context.grid("a");
    DLTensor b = context.tensor("b");
    octet_grid bGrid = context.grid("b");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_binary(function, a, aGrid, b, bGrid, activation, out, outGrid, stream);
      }
    };
  }
}
