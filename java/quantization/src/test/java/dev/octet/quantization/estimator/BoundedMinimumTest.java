// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BoundedMinimumTest {

  @Test
  void parabolaIsFoundAtOnce() {
    int[] evaluations = new int[1];
    BoundedMinimum.Point least =
        BoundedMinimum.find(
            x -> {
              evaluations[0]++;
              return (float) ((x - 2) * (x - 2));
            },
            0,
            5);
    assertEquals(2, least.x(), 1e-3);
    assertEquals(0, least.value(), 1e-6);
    assertTrue(evaluations[0] < 30, evaluations[0] + " evaluations");
  }

  @Test
  void minimumAtAnEndIsApproached() {
    assertEquals(1, BoundedMinimum.find(x -> (float) x, 1, 3).x(), 1e-4);
    assertEquals(3, BoundedMinimum.find(x -> (float) -x, 1, 3).x(), 1e-4);
  }

  @Test
  void flatFunctionEndsTheSearch() {
    double x = BoundedMinimum.find(at -> 0, 0.005, 0.5).x();
    assertTrue(x > 0.005 && x < 0.5);
    assertEquals(0, BoundedMinimum.find(at -> 1, 0, 0).x());
  }
}
