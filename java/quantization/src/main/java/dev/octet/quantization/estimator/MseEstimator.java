// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.ScaleDomain;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The range with the least sum of squared errors, per tensor or per channel. */
public final class MseEstimator extends SearchEstimator {
  /** Elements from which libtorch splits sums among threads: there is no order to follow then. */
  private static final int LARGE = 1 << 15;

  /** Makes an estimator that minimizes the error of a quantizer. */
  public MseEstimator(
      MseParameters parameters, RangeEstimatorOptions options, Quantizer quantizer) {
    super(parameters, options, quantizer, "MSE_Estimator");
  }

  @Override
  double[][] gridLosses(Tensor x, int groups, Candidates candidates) {
    return losses(x, options().perChannel() ? 0 : -1, groups, candidates.min(), candidates.max());
  }

  private double[][] losses(Tensor x, int axis, int groups, float[] min, float[] max) {
    double[] flat = new double[groups * min.length];
    try (Tensor lower = Tensors.floats(min, min.length);
        Tensor upper = Tensors.floats(max, max.length);
        Tensor loss = Tensors.emptyBeside(x, ScalarType.Double, groups, min.length)) {
      RangeKernels.mse(
          x,
          axis,
          quantizer().method() == QuantizationMethod.SYMMETRIC_UNIFORM,
          quantizer().nBits(),
          quantizer().options().scaleDomain() == ScaleDomain.LOG,
          (float) quantizer().options().eps(),
          lower,
          upper,
          loss);
      try (Tensor host = loss.cpu()) {
        host.data_ptr_double().get(flat);
      }
    }
    double[][] losses = new double[groups][];
    for (int g = 0; g < groups; g++) {
      losses[g] = Arrays.copyOfRange(flat, g * min.length, (g + 1) * min.length);
    }
    return losses;
  }

  @Override
  RangeLoss lossOf(Tensor x) {
    if (x.dim() == 0) {
      throw new IllegalArgumentException(
          "x has one value a channel, too few for a golden-section search; use range_opt_method"
              + " grid or one range for the whole tensor");
    }
    if (x.numel() > LARGE) {
      return new LargeLoss(x);
    }
    // The reference views a channel as all channels once the quantizer has a step for each.
    int repeats = options().perChannel() ? (int) quantizer().delta().numel() : 1;
    return new MseLoss(quantizer(), x, repeats);
  }

  /** The loss of a large tensor, for which one pass over it counts. */
  private final class LargeLoss implements RangeLoss {
    private final Tensor x;

    LargeLoss(Tensor x) {
      this.x = x;
    }

    @Override
    public float of(double min, double max) {
      return (float) losses(x, -1, 1, new float[] {(float) min}, new float[] {(float) max})[0][0];
    }

    @Override
    public void close() {}
  }
}
