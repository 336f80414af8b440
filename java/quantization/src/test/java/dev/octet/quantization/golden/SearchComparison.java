// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.SearchEstimator;
import dev.octet.quantization.quantizer.Quantizer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Compares what searches found: the loss that the range gives, before the range itself. */
final class SearchComparison {
  /** Losses are sums of 32-bit floats. */
  private static final double LOSS = 2e-6;

  /** Golden section stops where the loss is flat, of which 32-bit floats have many places. */
  private static final double FLAT = 1e-3;

  /**
   * libtorch's softmax differs in the last place between processors, which can lead a search of
   * shifted ranges to another local minimum.
   */
  private static final double OTHER_MINIMUM = 3e-2;

  private final Quantizer quantizer;
  private final SearchEstimator search;
  private final Tensor batch;

  SearchComparison(Quantizer quantizer, SearchEstimator search, Tensor batch) {
    this.quantizer = quantizer;
    this.search = search;
    this.batch = batch;
  }

  /**
   * Compares the losses of all candidates and finds that the least one is the reference's, or as
   * good.
   *
   * @param seen elements of all batches so far
   * @param greatest the greatest magnitude among them
   */
  void assertSameLosses(Tensor expected, Tensor actual, long seen, double greatest) {
    TensorComparison.assertSameShape("loss_array", expected, actual);
    double[] e = TensorComparison.values(expected);
    double[] a = TensorComparison.values(actual);
    int groups = (int) expected.size(0);
    int count = e.length / groups;
    for (int g = 0; g < groups; g++) {
      int best = g * count;
      int bestExpected = g * count;
      for (int k = g * count; k < (g + 1) * count; k++) {
        double tolerance = tolerance(e[k], seen, greatest);
        boolean same = e[k] == a[k] || Double.isNaN(e[k]) && Double.isNaN(a[k]);
        if (!same && !(Math.abs(e[k] - a[k]) <= tolerance)) {
          fail("loss_array: element " + k + " is " + a[k] + ", expected " + e[k]);
        }
        best = a[k] < a[best] ? k : best;
        bestExpected = e[k] < e[bestExpected] ? k : bestExpected;
      }
      double slack = 2 * tolerance(e[bestExpected], seen, greatest);
      if (e[best] > e[bestExpected] + slack) {
        fail("slice " + g + ": candidate " + best + " was chosen, expected " + bestExpected);
      }
    }
  }

  /** The reference rounds quantized values and squares to 32-bit floats before it adds them. */
  private static double tolerance(double loss, long seen, double greatest) {
    return LOSS * loss + 1e-9 + 0x1p-22 * greatest * Math.sqrt(seen * loss);
  }

  /**
   * Checks that the range found gives every slice of the batch as small a loss as the reference's.
   */
  void assertAsGood(Tensor xMin, Tensor xMax) {
    TensorComparison.assertSameShape("xmin", xMin, search.currentXmin());
    TensorComparison.assertSameShape("xmax", xMax, search.currentXmax());
    double slack = search.type() == RangeEstimatorType.CROSS_ENTROPY ? OTHER_MINIMUM : FLAT;
    double[] expected = losses(xMin, xMax);
    double[] actual = losses(search.currentXmin(), search.currentXmax());
    assertEquals(expected.length, actual.length);
    for (int g = 0; g < expected.length; g++) {
      boolean bothNaN = Double.isNaN(expected[g]) && Double.isNaN(actual[g]);
      if (!bothNaN && !(actual[g] <= expected[g] * (1 + slack) + 1e-9)) {
        fail("slice " + g + ": the loss is " + actual[g] + ", expected " + expected[g]);
      }
    }
  }

  private double[] losses(Tensor xMin, Tensor xMax) {
    double[] least = TensorComparison.values(xMin);
    double[] greatest = TensorComparison.values(xMax);
    double[] losses = new double[least.length];
    try (Quantizer trial =
        Quantizer.create(quantizer.method(), quantizer.options().withPerChannel(false))) {
      for (int g = 0; g < losses.length; g++) {
        trial.setQuantRange(least[g], greatest[g]);
        try (Tensor slice = least.length == 1 ? batch.alias() : batch.select(0, g);
            Tensor out = trial.forward(slice)) {
          losses[g] = loss(slice, out);
        }
      }
    }
    return losses;
  }

  private double loss(Tensor x, Tensor out) {
    try (Tensor wideX = x.to(ScalarType.Double);
        Tensor wideOut = out.to(ScalarType.Double)) {
      if (search.type() == RangeEstimatorType.MSE) {
        try (Tensor error = wideX.sub(wideOut);
            Tensor squares = error.mul(error);
            Tensor sum = squares.sum()) {
          return sum.item_double();
        }
      }
      try (Tensor target = wideX.softmax(1);
          Tensor logits = wideOut.log_softmax(1);
          Tensor products = target.mul(logits);
          Tensor sum = products.sum()) {
        return -sum.item_double();
      }
    }
  }
}
