// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * libtorch's dynamically quantized linear layer, which FBGEMM runs: the peer of integer products.
 */
final class LibtorchInt8 implements AutoCloseable {

  private static final double LARGEST_CODE = 127;

  private final OperatorHandle linear =
      Dispatcher.singleton().findSchemaOrThrow("quantized::linear_dynamic", "");
  private final IValueVector stack = new IValueVector(3);
  private final IValue packed;
  private final IValue reduceRange = new IValue(false);

  /** Packs weights [N, K], quantized symmetrically with a scale for every row, and a bias. */
  LibtorchInt8(Tensor weight, Tensor bias) {
    OperatorHandle prepack =
        Dispatcher.singleton().findSchemaOrThrow("quantized::linear_prepack", "");
    try (Tensor absolute = weight.abs();
        Tensor largest = absolute.amax(new long[] {1}, false);
        Scalar codes = new Scalar(LARGEST_CODE);
        Tensor scales = largest.div(codes);
        Tensor zeroPoints = torch.zeros(weight.size(0));
        Tensor integers = zeroPoints.to(ScalarType.Long);
        Tensor quantized =
            torch.quantize_per_channel(weight, scales, integers, 0, ScalarType.QInt8);
        IValueVector arguments = new IValueVector(2);
        IValue first = new IValue(quantized);
        IValue second = new IValue(bias)) {
      arguments.put(0, first);
      arguments.put(1, second);
      prepack.callBoxed(arguments);
      packed = new IValue(arguments.get(0));
    }
  }

  /** Multiplies [M, K] floats, quantized as a whole when they are read. */
  void run(IValue x) {
    stack.resize(3);
    stack.put(0, x);
    stack.put(1, packed);
    stack.put(2, reduceRange);
    linear.callBoxed(stack);
    if (!stack.get(0).isTensor()) {
      throw new IllegalStateException("quantized::linear_dynamic gave no tensor");
    }
    stack.resize(0);
  }

  @Override
  public void close() {
    packed.close();
    reduceRange.close();
    stack.close();
  }
}
