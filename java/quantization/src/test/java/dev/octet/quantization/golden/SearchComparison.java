// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.SearchEstimator;
import dev.octet.quantization.estimator.SearchParameters;
import dev.octet.quantization.quantizer.Quantizer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Compares what searches found: the loss that the range gives, before the range itself. */
final class SearchComparison {
  /** Losses are sums of 32-bit floats. */
  private static final double LOSS = 2e-6;

  /** Golden section stops within this distance of where the parabola says, where the loss is flat. */
  private static final double RANGE = 1e-3;

  private final Quantizer quantizer;
  private final SearchEstimator search;
  private final Tensor batch;

  SearchComparison(Quantizer quantizer, SearchEstimator search, Tensor batch) {
    this.quantizer = quantizer;
    this.search = search;
    this.batch = batch;
  }

  static void assertSameLosses(Tensor expected, Tensor actual) {
    TensorComparison.assertClose("loss_array", expected, actual, 1e-9, LOSS, 0, 0);
  }

  /** Checks that the range found gives every slice of the batch as small a loss as the reference's. */
  void assertAsGood(Tensor xMin, Tensor xMax) {
    TensorComparison.assertSameShape("xmin", xMin, search.currentXmin());
    TensorComparison.assertSameShape("xmax", xMax, search.currentXmax());
    boolean grid =
        ((SearchParameters) search.parameters()).rangeOptMethod() == RangeOptMethod.GRID;
    if (grid) {
      TensorComparison.assertClose("xmin", xMin, search.currentXmin(), 0, 1e-6, 0, 0);
      TensorComparison.assertClose("xmax", xMax, search.currentXmax(), 0, 1e-6, 0, 0);
      return;
    }
    if (Boolean.getBoolean("dbg")) System.out.println("D "+java.util.Arrays.toString(TensorComparison.values(xMax))+" "+java.util.Arrays.toString(TensorComparison.values(search.currentXmax()))+" "+java.util.Arrays.equals(TensorComparison.values(xMax),TensorComparison.values(search.currentXmax())));
    double[] expected = losses(xMin, xMax);
    double[] actual = losses(search.currentXmin(), search.currentXmax());
    assertEquals(expected.length, actual.length);
    for (int g = 0; g < expected.length; g++) {
      boolean bothNaN = Double.isNaN(expected[g]) && Double.isNaN(actual[g]);
      if (!bothNaN && !(actual[g] <= expected[g] * (1 + RANGE) + 1e-9)) {
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
