// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The range of one batch. */
final class BatchRange {
  private BatchRange() {}

  /** The axis that the options mean for x: -1 for the whole tensor. */
  static int axis(RangeEstimatorOptions options, Tensor x) {
    if (options.axis().isPresent()) {
      return normalized(options.axis().getAsInt(), x, "axis");
    }
    return options.perChannel() ? channelAxis(x) : -1;
  }

  /** Axis 0, which x must have. */
  static int channelAxis(Tensor x) {
    return normalized(0, x, "per_channel: axis");
  }

  private static int normalized(int axis, Tensor x, String name) {
    int dims = (int) x.dim();
    if (axis >= dims || axis < -dims) {
      throw new IllegalArgumentException(
          name + " is " + axis + ", but x has " + dims + " dimensions");
    }
    return axis < 0 ? axis + dims : axis;
  }

  static Range minMax(Tensor x, int axis) {
    return of(x, axis, (min, max) -> RangeKernels.minMax(x, axis, min, max));
  }

  static Range percentile(Tensor x, int axis, double low, double high) {
    return of(x, axis, (min, max) -> RangeKernels.percentile(x, axis, low, high, min, max));
  }

  private static Range of(Tensor x, int axis, Kernel kernel) {
    if (x.numel() == 0) {
      throw new IllegalArgumentException(
          "x has no elements, expected at least one: it has no range");
    }
    long[] shape = axis < 0 ? new long[0] : new long[] {x.size(axis)};
    try (Tensor min = Tensors.emptyBeside(x, ScalarType.Float, shape);
        Tensor max = Tensors.emptyBeside(x, ScalarType.Float, shape)) {
      kernel.run(min, max);
      return new Range(Tensors.toFloats(min), Tensors.toFloats(max), shape);
    }
  }

  private interface Kernel {
    void run(Tensor min, Tensor max);
  }
}
