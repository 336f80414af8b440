// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/** {@code quantize}: real numbers to the codes of the output's grid. NaN becomes the zero point. */
final class QuantizeKind extends OperationKind {
  QuantizeKind() {
    super(
        Signature.of("quantize", 1)
            .input("x", Signature.FLOATS, GridRule.NONE)
            .output(
                "out",
                Signature.types(ElementType.S8, ElementType.U8, ElementType.S32),
                GridRule.REQUIRED)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return null;
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    octet_grid grid = context.grid("out");
    DLTensor x = context.tensor("x");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_quantize(grid, x, out, stream);
      }
    };
  }
}
