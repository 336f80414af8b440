// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.bindings.octet_pool2d_params;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code avg_pool2d}: the mean of each window of images [N, H, W, C], or [N, C, H, W] for x where
 * {@code x_layout} is {@code nchw}, for the output where {@code out_layout} is. Windows are those
 * of {@link PoolWindows}, without a dilation; padding counts as elements of value 0 with {@code
 * count_include_pad}; {@code divisor} is what sums are divided by, 0: the number of elements.
 */
final class AvgPool2dKind extends OperationKind {
  AvgPool2dKind() {
    super(
        PoolWindows.add(
                Signature.of("avg_pool2d", 1)
                    .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                    .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR))
            .attribute(AttributeSpec.flag("count_include_pad", true))
            .attribute(AttributeSpec.integer("divisor", 0L, 0, Integer.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", PoolWindows.of(operation, false).out(operation));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    octet_pool2d_params params = PoolWindows.of(operation, false).params(context);
    int countIncludePad = operation.flag("count_include_pad") ? 1 : 0;
    long divisor = operation.integer("divisor");
    DLTensor x = PoolWindows.xLayout(operation).images(context, "x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = PoolWindows.outLayout(operation).images(context, "out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_avg_pool2d(
            x, xGrid, params, countIncludePad, divisor, out, outGrid, stream);
      }
    };
  }
}
