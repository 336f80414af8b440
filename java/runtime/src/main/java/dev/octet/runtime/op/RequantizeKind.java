// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/** {@code requantize}: codes from the grid of x to the grid of the output. */
final class RequantizeKind extends OperationKind {
  RequantizeKind() {
    super(
        Signature.of("requantize", 1)
            .input("x", Signature.BYTES, GridRule.PER_TENSOR)
            .output("out", Signature.BYTES, GridRule.PER_TENSOR)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_requantize(x, xGrid, out, outGrid, stream);
      }
    };
  }
}
