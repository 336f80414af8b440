// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** How far outputs are from those that were wanted, over any number of batches. */
final class OutputDifference {
  private double signal;
  private double noise;
  private double largest;
  private double largestWanted;

  /** Adds the outputs of a batch. */
  void add(List<Tensor> wanted, List<Tensor> given) {
    if (wanted.size() != given.size()) {
      throw new IllegalStateException(
          "there are " + given.size() + " outputs, expected " + wanted.size());
    }
    for (int i = 0; i < wanted.size(); i++) {
      try (Tensor x = wanted.get(i).to(ScalarType.Double);
          Tensor y = given.get(i).to(ScalarType.Double);
          Tensor difference = y.sub(x)) {
        signal += squares(x);
        noise += squares(difference);
        largestWanted = Math.max(largestWanted, largest(x));
        largest = Math.max(largest, largest(difference));
      }
    }
  }

  private static double squares(Tensor x) {
    try (Tensor square = x.mul(x);
        Tensor sum = square.sum()) {
      return sum.item_double();
    }
  }

  private static double largest(Tensor x) {
    if (x.numel() == 0) {
      return 0;
    }
    try (Tensor abs = x.abs();
        Tensor max = abs.max()) {
      return max.item_double();
    }
  }

  /** Returns the ratio of all squares to those of the differences, in decibels. */
  double signalToNoise() {
    return 10 * Math.log10(signal / Math.max(noise, Double.MIN_NORMAL));
  }

  /** Returns the largest absolute difference. */
  double largest() {
    return largest;
  }

  /** Returns the largest absolute output that was wanted. */
  double largestWanted() {
    return largestWanted;
  }
}
