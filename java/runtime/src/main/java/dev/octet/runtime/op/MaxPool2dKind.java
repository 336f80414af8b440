// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_pool2d_params;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code max_pool2d}: the greatest value of each window of images [N, H, W, C], or [N, C, H, W] for
 * x where {@code x_layout} is {@code nchw}, for the output where {@code out_layout} is. Codes stay
 * on their grid. Windows are those of {@link PoolWindows}.
 */
final class MaxPool2dKind extends OperationKind {
  MaxPool2dKind() {
    super(
        PoolWindows.addDilation(
                PoolWindows.add(
                    Signature.of("max_pool2d", 1)
                        .input("x", Signature.FLOATS_AND_BYTES, GridRule.OPTIONAL)
                        .output("out", Signature.FLOATS_AND_BYTES, GridRule.OPTIONAL)))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    return Map.of("out", PoolWindows.of(operation, true).out(operation));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    octet_pool2d_params params = PoolWindows.of(operation, true).params(context);
    DLTensor x = PoolWindows.xLayout(operation).images(context, "x");
    DLTensor out = PoolWindows.outLayout(operation).images(context, "out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_max_pool2d(x, params, out, stream);
      }
    };
  }
}
