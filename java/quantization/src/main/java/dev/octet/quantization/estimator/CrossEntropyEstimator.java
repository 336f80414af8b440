// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.quantizer.Quantizer;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * The range with the least cross entropy between the softmax of the values and that of the
 * quantized ones, along dimension 1. Meant for logits: tensors need at least two dimensions. Per
 * channel, a grid search finds one range for all channels, and golden section needs three
 * dimensions.
 */
public final class CrossEntropyEstimator extends SearchEstimator {
  private static final int CLASSES = 1;

  /** Makes an estimator that minimizes the cross entropy that a quantizer causes. */
  public CrossEntropyEstimator(
      CrossEntropyParameters parameters, RangeEstimatorOptions options, Quantizer quantizer) {
    super(parameters, options, quantizer, "CrossEntropyEstimator");
  }

  @Override
  double[][] gridLosses(Tensor x, int groups, Candidates candidates) {
    double[] losses = new double[candidates.count()];
    try (RangeLoss loss = lossOf(x)) {
      for (int k = 0; k < losses.length; k++) {
        losses[k] = loss.of(candidates.min()[k], candidates.max()[k]);
      }
    }
    double[][] ofGroups = new double[groups][];
    Arrays.setAll(ofGroups, g -> losses.clone());
    return ofGroups;
  }

  @Override
  RangeLoss lossOf(Tensor x) {
    if (x.dim() <= CLASSES) {
      throw new IllegalArgumentException(
          (options().perChannel() ? "a channel of x" : "x")
              + " has 1 dimension, but cross entropy takes the softmax along dimension 1; use"
              + " another range estimator");
    }
    TrialQuantizer trial = new TrialQuantizer(quantizer(), x);
    Tensor target = x.softmax(CLASSES);
    return new RangeLoss() {
      @Override
      public float of(double min, double max) {
        try (Tensor logits = trial.quantize(min, max).log_softmax(CLASSES);
            Tensor products = logits.mul(target);
            Tensor sum = products.sum()) {
          return -sum.item_float();
        }
      }

      @Override
      public void close() {
        target.close();
        trial.close();
      }
    };
  }
}
