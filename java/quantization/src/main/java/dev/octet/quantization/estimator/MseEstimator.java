// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.ScaleDomain;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The range with the least sum of squared errors, per tensor or per channel. */
public final class MseEstimator extends SearchEstimator {

  /** Makes an estimator that minimizes the error of a quantizer. */
  public MseEstimator(
      MseParameters parameters, RangeEstimatorOptions options, Quantizer quantizer) {
    super(parameters, options, quantizer, "MSE_Estimator");
  }

  @Override
  double[][] gridLosses(Tensor x, int groups, Candidates candidates) {
    int count = candidates.count();
    double[] flat = new double[groups * count];
    try (Tensor min = Tensors.floats(candidates.min(), count);
        Tensor max = Tensors.floats(candidates.max(), count);
        Tensor loss = Tensors.emptyBeside(x, ScalarType.Double, groups, count)) {
      RangeKernels.mse(
          x,
          options().perChannel() ? 0 : -1,
          quantizer().method() == QuantizationMethod.SYMMETRIC_UNIFORM,
          quantizer().nBits(),
          quantizer().options().scaleDomain() == ScaleDomain.LOG,
          (float) quantizer().options().eps(),
          min,
          max,
          loss);
      try (Tensor host = loss.cpu()) {
        DoublePointer values = host.data_ptr_double();
        values.get(flat);
      }
    }
    double[][] losses = new double[groups][count];
    for (int g = 0; g < groups; g++) {
      System.arraycopy(flat, g * count, losses[g], 0, count);
    }
    return losses;
  }

  @Override
  RangeLoss lossOf(Tensor x) {
    TrialQuantizer trial = new TrialQuantizer(quantizer(), x);
    return new RangeLoss() {
      @Override
      public float of(double min, double max) {
        Tensor error = trial.quantize(min, max);
        error.sub_(x);
        error.mul_(error);
        try (Tensor rows = error.reshape(x.size(0), -1);
            Tensor sums = rows.sum(1);
            Tensor sum = sums.sum()) {
          return sum.item_float();
        }
      }

      @Override
      public void close() {
        trial.close();
      }
    };
  }
}
