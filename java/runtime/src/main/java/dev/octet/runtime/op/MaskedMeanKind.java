// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code masked_mean}: the mean of x [B, T, H] over T, weighted by mask [B, T]; out [B, H]. {@code
 * eps} is the least sum of weights.
 */
final class MaskedMeanKind extends OperationKind {
  MaskedMeanKind() {
    super(
        Signature.of("masked_mean", 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .input(
                "mask",
                Signature.types(
                    ElementType.F32,
                    ElementType.BOOL,
                    ElementType.U8,
                    ElementType.S32,
                    ElementType.I64),
                GridRule.NONE)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.real("eps", 1e-9, Float.MIN_NORMAL, Float.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 3, 3);
    Shape x = operation.shape("x");
    operation.requireShape("mask", x.slice(0, 2));
    return Map.of("out", x.slice(0, 1).followedBy(x.slice(2, 3)));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    float eps = context.operation().real("eps");
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor mask = context.tensor("mask");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_masked_mean(x, xGrid, mask, eps, out, outGrid, stream);
      }
    };
  }
}
