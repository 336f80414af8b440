// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Compares tensors by the rules of the golden cases: NaN equals NaN, zeros of both signs are equal.
 */
final class TensorComparison {
  private TensorComparison() {}

  static double[] values(Tensor tensor) {
    try (Tensor detached = tensor.detach();
        Tensor wide = detached.to(ScalarType.Double);
        Tensor compact = wide.contiguous()) {
      double[] values = new double[(int) compact.numel()];
      if (values.length > 0) {
        compact.data_ptr_double().get(values);
      }
      return values;
    }
  }

  static void assertSameShape(String what, Tensor expected, Tensor actual) {
    if (!Arrays.equals(expected.shape(), actual.shape())) {
      fail(
          what
              + ": shape is "
              + Arrays.toString(actual.shape())
              + ", expected "
              + Arrays.toString(expected.shape()));
    }
  }

  /** Equal values. */
  static void assertEqual(String what, Tensor expected, Tensor actual) {
    assertClose(what, expected, actual, 0, 0, 0, 0);
  }

  /**
   * Values within {@code absolute + relative * |expected|}, save at most {@code outliers} of them,
   * which must be within {@code outlierDistance}.
   */
  static void assertClose(
      String what,
      Tensor expected,
      Tensor actual,
      double absolute,
      double relative,
      long outliers,
      double outlierDistance) {
    assertSameShape(what, expected, actual);
    double[] e = values(expected);
    double[] a = values(actual);
    long out = 0;
    for (int i = 0; i < e.length; i++) {
      if (e[i] == a[i] || Double.isNaN(e[i]) && Double.isNaN(a[i])) {
        continue;
      }
      double distance = Math.abs(e[i] - a[i]);
      if (distance <= absolute + relative * Math.abs(e[i])) {
        continue;
      }
      out++;
      if (!(distance <= outlierDistance) || out > outliers) {
        fail(
            what
                + ": element "
                + i
                + " of "
                + e.length
                + " is "
                + a[i]
                + ", expected "
                + e[i]
                + " (tolerance "
                + absolute
                + " + "
                + relative
                + " * |x|, up to "
                + outliers
                + " elements off by "
                + outlierDistance
                + ")");
      }
    }
  }
}
