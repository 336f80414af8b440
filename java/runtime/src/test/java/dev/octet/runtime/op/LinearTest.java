// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.octet.runtime.Reference;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("cuda")
class LinearTest {
  private static final int M = 6;
  private static final int K = 37;
  private static final int N = 21;
  private static final Grid SIGNED = Grid.perTensor(0.02f, -3, -128, 127);
  private static final Grid UNSIGNED = Grid.perTensor(0.03f, 120, 0, 255);

  private final Random random = new Random(7);
  private final float[] bias = TestPrograms.floats(random, N, 1);

  @ParameterizedTest
  @CsvSource({"false, 8", "true, 8", "false, 4", "true, 4"})
  void codesByCodes(boolean signed, int bits) {
    Grid grid = signed ? SIGNED : UNSIGNED;
    int limit = 1 << bits - 1;
    byte[] x = TestPrograms.codes(random, M * K, grid.intMin(), grid.intMax());
    byte[] weights = TestPrograms.codes(random, N * K, -limit, limit - 1);
    float[] scales = TestPrograms.perRow(random, N).scales();
    Grid weightGrid = Grid.perChannel(scales, null, -limit, limit - 1, 0);
    float[] out =
        new OneOperation("linear")
            .codes("x", signed ? ElementType.S8 : ElementType.U8, grid, x, 2, M / 2, K)
            .constant("weights", ElementType.S8, weightGrid, weights, N, K)
            .constant("bias", bias, N)
            .set("weight_bits", bits)
            .run()
            .get("out")
            .floats();
    assertArrayEquals(Reference.linear(x, signed, grid, weights, weightGrid, bias, M, K, N), out);
  }

  @Test
  void realNumbersOnAGivenGrid() {
    float[] x = TestPrograms.floats(random, M * K, 4);
    x[3] = Float.NaN;
    byte[] weights = TestPrograms.codes(random, N * K, -128, 127);
    Grid weightGrid = Grid.perTensor(0.004f, 5, -128, 127);
    float[] out =
        new OneOperation("linear")
            .floats("x", x, M, K)
            .constant("weights", ElementType.S8, weightGrid, weights, N, K)
            .set("x_scale", UNSIGNED.scale(0))
            .set("x_zero_point", UNSIGNED.zeroPoint(0))
            .set("x_int_min", 0)
            .set("x_int_max", 255)
            .run()
            .get("out")
            .floats();
    byte[] codes = Reference.quantize(x, UNSIGNED);
    assertArrayEquals(
        Reference.linear(codes, false, UNSIGNED, weights, weightGrid, null, M, K, N), out);
  }

  @Test
  void realNumbersOnAGridARow() {
    float[] x = TestPrograms.floats(random, M * K, 4);
    byte[] weights = TestPrograms.codes(random, N * K, -128, 127);
    Grid weightGrid = TestPrograms.perRow(random, N);
    float[] out =
        new OneOperation("linear")
            .floats("x", x, M, K)
            .constant("weights", ElementType.S8, weightGrid, weights, N, K)
            .set("dynamic_bits", 8)
            .run()
            .get("out")
            .floats();
    float[] expected = new float[M * N];
    for (int row = 0; row < M; row++) {
      float[] values = java.util.Arrays.copyOfRange(x, row * K, (row + 1) * K);
      float largest = 1e-8f;
      for (float value : values) {
        largest = Math.max(largest, Math.abs(value));
      }
      Grid grid = Grid.perTensor(largest / 127, 0, -128, 127);
      byte[] codes = Reference.quantize(values, grid);
      float[] line = Reference.linear(codes, true, grid, weights, weightGrid, null, 1, K, N);
      System.arraycopy(line, 0, expected, row * N, N);
    }
    assertArrayEquals(expected, out);
  }

  @ParameterizedTest
  @CsvSource({"after_activation", "before_activation"})
  void residualAndRequantization(String place) {
    byte[] x = TestPrograms.codes(random, M * K, -128, 127);
    byte[] weights = TestPrograms.codes(random, N * K, -128, 127);
    Grid weightGrid = TestPrograms.perRow(random, N);
    byte[] residual = TestPrograms.codes(random, M * N, 0, 255);
    byte[] out =
        new OneOperation("linear")
            .codes("x", ElementType.S8, SIGNED, x, M, K)
            .constant("weights", ElementType.S8, weightGrid, weights, N, K)
            .constant("bias", bias, N)
            .codes("residual", ElementType.U8, UNSIGNED, residual, M, N)
            .set("activation", "relu")
            .set("residual_place", place)
            .out(ElementType.S8, SIGNED)
            .run()
            .get("out")
            .bytes();
    float[] y = Reference.linear(x, true, SIGNED, weights, weightGrid, bias, M, K, N);
    byte[] expected = new byte[y.length];
    for (int i = 0; i < y.length; i++) {
      float added = Reference.dequantize(residual[i] & 0xff, UNSIGNED, 0);
      float value =
          place.startsWith("after") ? Math.max(y[i], 0) + added : Math.max(y[i] + added, 0);
      expected[i] = (byte) Reference.quantize(value, SIGNED, 0);
    }
    assertArrayEquals(expected, out);
  }
}
