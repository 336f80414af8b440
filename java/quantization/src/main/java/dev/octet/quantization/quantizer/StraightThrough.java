// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Quantization that autograd can differentiate.
 *
 * <p>Java can't give libtorch a backward function. But the gradients are linear in the incoming
 * one: so the kernel computes the partial derivatives of every element, autograd records the linear
 * function that has these derivatives, and its value is then replaced by the quantized one.
 */
final class StraightThrough {
  private StraightThrough() {}

  static Tensor apply(Grid grid, Tensor x, boolean learnRange) {
    if (learnRange && x.scalar_type().value != ScalarType.Float.value) {
      // The gradients of the range are sums over all elements: 16-bit floats would lose them.
      try (Tensor wide = x.to(ScalarType.Float);
          Tensor y = learned(grid, wide)) {
        return y.to(x.scalar_type().intern());
      }
    }
    return learnRange ? learned(grid, x) : fixed(grid, x);
  }

  private static Tensor fixed(Grid grid, Tensor x) {
    try (Tensor out = torch.empty_like(x);
        Tensor dX = torch.empty_like(x)) {
      QuantizeKernels.partials(grid, x, out, dX, null, null);
      return withValue(x.mul(dX), out);
    }
  }

  private static Tensor learned(Grid grid, Tensor x) {
    try (Tensor out = torch.empty_like(x);
        Tensor dX = torch.empty_like(x);
        Tensor dDelta = torch.empty_like(x);
        Tensor dZero = grid.zeroFloat() == null ? null : torch.empty_like(x)) {
      QuantizeKernels.partials(grid, x, out, dX, dDelta, dZero);
      try (Tensor byX = x.mul(dX);
          Tensor byDelta = along(grid, grid.delta(), x, dDelta)) {
        return withValue(sum(byX, byDelta, grid, x, dZero), out);
      }
    }
  }

  private static Tensor sum(Tensor byX, Tensor byDelta, Grid grid, Tensor x, Tensor dZero) {
    if (dZero == null) {
      return byX.add(byDelta);
    }
    try (Tensor both = byX.add(byDelta);
        Tensor byZero = along(grid, grid.zeroFloat(), x, dZero)) {
      return both.add(byZero);
    }
  }

  /** A tensor of the range, spread over the elements of x, times a derivative. */
  private static Tensor along(Grid grid, Tensor range, Tensor x, Tensor derivative) {
    long[] shape = new long[(int) x.dim()];
    Arrays.fill(shape, 1);
    if (grid.axis() >= 0) {
      shape[grid.axis()] = range.numel();
    }
    try (Tensor view = range.reshape(shape)) {
      return view.mul(derivative);
    }
  }

  private static Tensor withValue(Tensor recorded, Tensor value) {
    recorded.set_data(value);
    return recorded;
  }
}
