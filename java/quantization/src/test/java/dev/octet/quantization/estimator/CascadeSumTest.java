// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CascadeSumTest {

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 7, 8, 31, 32, 33, 511, 512, 513, 8192, 8197, 70001})
  void everyElementCountsOnce(int count) {
    float[] ones = new float[count + 5];
    Arrays.fill(ones, 1);
    assertEquals(count, CascadeSum.of(ones, 5, count));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 100_000})
  void errorsStaySmall(int count) {
    Random random = new Random(3);
    float[] values = new float[count];
    double exact = 0;
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat();
      exact += values[i];
    }
    assertEquals(exact, CascadeSum.of(values, 0, count), 1e-6 * exact);
  }
}
