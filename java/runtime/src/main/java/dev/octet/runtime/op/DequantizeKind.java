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

/** {@code dequantize}: codes to the real numbers that they stand for. */
final class DequantizeKind extends OperationKind {
  DequantizeKind() {
    super(
        Signature.of("dequantize", 1)
            .input(
                "x",
                Signature.types(ElementType.S8, ElementType.U8, ElementType.S32),
                GridRule.REQUIRED)
            .output("out", Signature.FLOATS, GridRule.NONE)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    octet_grid grid = context.grid("x");
    DLTensor x = context.tensor("x");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_dequantize(grid, x, out, stream);
      }
    };
  }
}
