// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code unary}: a function of every element, on the values that codes stand for; {@code first} and
 * {@code second} are its parameters.
 */
final class UnaryKind extends OperationKind {
  UnaryKind() {
    super(
        Signature.of("unary", 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.choice("function", UnaryFunction.class, null))
            .attribute(AttributeSpec.real("first", 0.0, -Float.MAX_VALUE, Float.MAX_VALUE))
            .attribute(AttributeSpec.real("second", 0.0, -Float.MAX_VALUE, Float.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    int function = operation.choice("function", UnaryFunction.class).code();
    float first = operation.real("first");
    float second = operation.real("second");
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_unary(function, first, second, x, xGrid, out, outGrid, stream);
      }
    };
  }
}
