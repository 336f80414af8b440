// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.bytedeco.pytorch.global.torch.clamp;
import static org.bytedeco.pytorch.global.torch.empty;
import static org.bytedeco.pytorch.global.torch.linspace;
import static org.bytedeco.pytorch.global.torch.quantile;
import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.quantization.kernel.RangeKernels;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;

/**
 * Range estimation beside libtorch's operators: extreme values, percentiles, and the squared errors
 * of 100 candidate ranges, for which the peer is the chain of operators that a quantizer written
 * with tensors runs for every candidate.
 */
final class RangesSuite extends TensorSuite {
  static final String NAME = "ranges";

  private static final double F32_BYTES = 4;
  private static final int CHANNELS = 256;
  private static final int CANDIDATES = 100;
  private static final float EPS = 1e-8f;
  private static final int INT_MIN = -128;
  private static final int INT_MAX = 127;

  RangesSuite() {
    super(NAME);
    for (long elements : new long[] {1 << 16, 1 << 20, 1 << 24}) {
      minMax(elements);
      minMaxPerChannel(elements);
    }
    percentile(1 << 20);
    mse(1 << 14);
    mse(1 << 18);
    mse(1 << 20);
    msePerChannel(1 << 18);
  }

  private void minMax(long elements) {
    Tensor x = own(randn(elements));
    Tensor least = own(empty(1));
    Tensor greatest = own(empty(1));
    add(
        Comparison.bandwidth(
            "min-max, per tensor, " + size(elements),
            F32_BYTES * elements,
            () -> RangeKernels.minMax(x, -1, least, greatest),
            "libtorch aminmax",
            () -> aminmax(x, new LongOptional())));
  }

  private void minMaxPerChannel(long elements) {
    Tensor x = own(randn(CHANNELS, elements / CHANNELS));
    Tensor least = own(empty(CHANNELS));
    Tensor greatest = own(empty(CHANNELS));
    add(
        Comparison.bandwidth(
            "min-max, per channel (" + CHANNELS + "), " + size(elements),
            F32_BYTES * elements,
            () -> RangeKernels.minMax(x, 0, least, greatest),
            "libtorch aminmax",
            () -> aminmax(x, new LongOptional(1))));
  }

  private static void aminmax(Tensor x, LongOptional dimension) {
    try (dimension;
        T_TensorTensor_T both = x.aminmax(dimension, false);
        Tensor least = both.get0();
        Tensor greatest = both.get1()) {
      if (!least.defined() || !greatest.defined()) {
        throw new IllegalStateException("aminmax gave no result");
      }
    }
  }

  private void percentile(long elements) {
    Tensor x = own(randn(elements));
    Tensor low = own(empty(1));
    Tensor high = own(empty(1));
    Tensor quantiles = own(Tensor.create(new float[] {0.01f, 0.99f}, 2));
    add(
        Comparison.latency(
            "percentiles 1 and 99, " + size(elements),
            () -> RangeKernels.percentile(x, -1, 1, 99, low, high),
            "libtorch quantile",
            call(() -> quantile(x, quantiles))));
  }

  private void mse(long elements) {
    Tensor x = own(randn(elements));
    Tensor greatest = own(linspace(new Scalar(0.1), new Scalar(5.0), CANDIDATES));
    Tensor least = own(greatest.neg());
    Tensor loss = own(empty(1, CANDIDATES));
    add(
        Comparison.latency(
            "squared errors of 100 ranges, per tensor, " + size(elements),
            () -> RangeKernels.mse(x, -1, true, 8, false, EPS, least, greatest, loss),
            "libtorch operators",
            () -> operators(x, false)));
  }

  private void msePerChannel(long elements) {
    Tensor x = own(randn(CHANNELS, elements / CHANNELS));
    Tensor greatest = own(linspace(new Scalar(0.1), new Scalar(5.0), CANDIDATES));
    Tensor least = own(greatest.neg());
    Tensor loss = own(empty(CHANNELS, CANDIDATES));
    add(
        Comparison.latency(
            "squared errors of 100 ranges, per channel (" + CHANNELS + "), " + size(elements),
            () -> RangeKernels.mse(x, 0, true, 8, false, EPS, least, greatest, loss),
            "libtorch operators",
            () -> operators(x, true)));
  }

  /**
   * What the reference does for every candidate, operator by operator: the quantizer's division,
   * rounding, zero point, clamping and product, then the difference, its square and the sum.
   */
  private static void operators(Tensor x, boolean perChannel) {
    for (int i = 1; i <= CANDIDATES; i++) {
      try (PointerScope scope = new PointerScope()) {
        Scalar scale = new Scalar(5.0 * i / CANDIDATES / INT_MAX);
        Scalar zeroPoint = new Scalar(0.0);
        Tensor codes =
            clamp(
                x.div(scale).round().add(zeroPoint),
                new ScalarOptional(new Scalar(INT_MIN)),
                new ScalarOptional(new Scalar(INT_MAX)));
        Tensor squares = x.sub(codes.sub(zeroPoint).mul(scale)).pow(new Scalar(2));
        Tensor loss = perChannel ? squares.sum(1) : squares.sum();
        if (!loss.defined()) {
          throw new IllegalStateException("the operators gave no result");
        }
      }
    }
  }
}
