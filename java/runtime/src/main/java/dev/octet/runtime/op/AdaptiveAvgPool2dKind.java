// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code adaptive_avg_pool2d}: the means of windows that share out images [N, H, W, C], or [N, C,
 * H, W] for x where {@code x_layout} is {@code nchw}, for the output where {@code out_layout} is.
 * {@code size}: height and width of the output; 0 keeps that of x.
 */
final class AdaptiveAvgPool2dKind extends OperationKind {
  AdaptiveAvgPool2dKind() {
    super(
        PoolWindows.addLayouts(
                Signature.of("adaptive_avg_pool2d", 1)
                    .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                    .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR))
            .attribute(AttributeSpec.list("size", List.of(1L, 1L), 0, Integer.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    long[] size = operation.numbers("size", 2);
    Shape x = PoolWindows.images(operation);
    Dimension height = size[0] == 0 ? x.get(1) : Dimension.of(size[0]);
    Dimension width = size[1] == 0 ? x.get(2) : Dimension.of(size[1]);
    return Map.of("out", PoolWindows.out(operation, height, width));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    DLTensor x = PoolWindows.xLayout(operation).images(context, "x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = PoolWindows.outLayout(operation).images(context, "out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_adaptive_avg_pool2d(x, xGrid, out, outGrid, stream);
      }
    };
  }
}
