// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import org.bytedeco.pytorch.Tensor;

/**
 * Compares what quantizers compute. In the linear domain all is single IEEE operations, and equal.
 * In the log domain steps may differ in the last places, and so codes by one next to a tie.
 */
final class GridComparison {
  /** A few units in the last place of 32-bit floats. */
  private static final double LAST_PLACES = 1e-6;

  private final boolean log;

  GridComparison(boolean log) {
    this.log = log;
  }

  /** Compares values, whatever shape a read-out of the reference is viewed in. */
  void assertSame(String what, Tensor expected, Tensor actual) {
    assertEquals(expected.numel(), actual.numel(), what + ": number of elements");
    try (Tensor flat = actual.reshape(expected.shape())) {
      assertSameShaped(what, expected, flat);
    }
  }

  /** Compares values and shapes. */
  void assertSameShaped(String what, Tensor expected, Tensor actual) {
    double tolerance = log ? LAST_PLACES : 0;
    TensorComparison.assertClose(what, expected, actual, tolerance * 0.1, tolerance, 0, 0);
  }

  /**
   * Compares quantized values or codes.
   *
   * @param step what one code more makes: 1 for codes
   * @param quotients x / scale of every element
   */
  void assertQuantized(
      String what, Tensor expected, Tensor actual, double[] step, double[] quotients) {
    if (!log) {
      TensorComparison.assertEqual(what, expected, actual);
      return;
    }
    TensorComparison.assertSameShape(what, expected, actual);
    double[] e = TensorComparison.values(expected);
    double[] a = TensorComparison.values(actual);
    for (int i = 0; i < e.length; i++) {
      if (e[i] == a[i] || Double.isNaN(e[i]) && Double.isNaN(a[i])) {
        continue;
      }
      double distance = Math.abs(e[i] - a[i]);
      double small = 10 * LAST_PLACES * Math.abs(e[i]);
      boolean tie = isNextToTie(quotients[i]) && distance <= step[i] + small;
      if (!(distance <= small || tie)) {
        fail(what + ": element " + i + " is " + a[i] + ", expected " + e[i]);
      }
    }
  }

  private static boolean isNextToTie(double quotient) {
    double fromTie = Math.abs(quotient - Math.floor(quotient) - 0.5);
    return fromTie <= 4 * LAST_PLACES * Math.max(1, Math.abs(quotient));
  }
}
