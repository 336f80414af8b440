// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/** {@code l2_normalize}: the rows of the last dimension at length 1, or divided by {@code eps}. */
final class L2NormalizeKind extends OperationKind {
  L2NormalizeKind() {
    super(
        Signature.of("l2_normalize", 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.real("eps", 1e-12, Float.MIN_NORMAL, Float.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 1, Shape.MAX_RANK);
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    float eps = context.operation().real("eps");
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_l2_normalize(x, xGrid, eps, out, outGrid, stream);
      }
    };
  }
}
