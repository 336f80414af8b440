// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.Reference;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cuda")
class MatmulTest {
  private static final Grid SIGNED = Grid.perTensor(0.02f, -3, -128, 127);
  private static final Grid UNSIGNED = Grid.perTensor(0.03f, 120, 0, 255);
  private static final int BATCH = 3;
  private static final int M = 5;
  private static final int K = 300;
  private static final int N = 7;

  private final Random random = new Random(3);

  /** Sums in the documented order. */
  private static float product(float[] a, int aStart, float[] b, int bStart, int bStep, int k) {
    float total = 0;
    for (int first = 0; first < k; first += 256) {
      float block = 0;
      for (int i = first; i < Math.min(k, first + 256); i++) {
        block = Math.fma(a[aStart + i], b[bStart + i * bStep], block);
      }
      total = first == 0 ? block : total + block;
    }
    return total;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void floats(boolean transposed) {
    float[] a = TestPrograms.floats(random, BATCH * M * K, 1);
    float[] b = TestPrograms.floats(random, K * N, 1);
    float[] bias = TestPrograms.floats(random, N, 1);
    TensorData out =
        new OneOperation("matmul")
            .floats("a", a, BATCH, M, K)
            .floats("b", b, transposed ? new long[] {N, K} : new long[] {K, N})
            .constant("bias", bias, N)
            .set("transpose_b", transposed)
            .run()
            .get("out");
    assertArrayEquals(new long[] {BATCH, M, N}, out.shape());
    float[] expected = new float[BATCH * M * N];
    for (int i = 0; i < expected.length; i++) {
      int column = i % N;
      float sum = product(a, i / N * K, b, transposed ? column * K : column, transposed ? 1 : N, K);
      expected[i] = sum + bias[column];
    }
    assertArrayEquals(expected, out.floats());
  }

  @Test
  void codesByCodes() {
    byte[] a = TestPrograms.codes(random, BATCH * M * 20, -128, 127);
    byte[] b = TestPrograms.codes(random, BATCH * 20 * N, 0, 255);
    float[] out =
        new OneOperation("matmul")
            .codes("a", ElementType.S8, SIGNED, a, BATCH, M, 20)
            .codes("b", ElementType.U8, UNSIGNED, b, BATCH, 20, N)
            .run()
            .get("out")
            .floats();
    float[] expected = new float[BATCH * M * N];
    for (int i = 0; i < expected.length; i++) {
      int batch = i / (M * N);
      long sum = 0;
      for (int k = 0; k < 20; k++) {
        long left = a[i / N * 20 + k] - SIGNED.zeroPoint(0);
        long right = (b[(batch * 20 + k) * N + i % N] & 0xff) - UNSIGNED.zeroPoint(0);
        sum += left * right;
      }
      expected[i] = Math.fma((float) sum, SIGNED.scale(0) * UNSIGNED.scale(0), 0f);
    }
    assertArrayEquals(expected, out);
  }

  @Test
  void codesByFloatsToCodes() {
    byte[] a = TestPrograms.codes(random, M * K, 0, 255);
    float[] values = new float[a.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Reference.dequantize(a[i] & 0xff, UNSIGNED, 0);
    }
    float[] b = TestPrograms.floats(random, K * N, 0.1f);
    byte[] out =
        new OneOperation("matmul")
            .codes("a", ElementType.U8, UNSIGNED, a, M, K)
            .floats("b", b, K, N)
            .set("activation", "relu")
            .out(ElementType.S8, SIGNED)
            .run()
            .get("out")
            .bytes();
    for (int i = 0; i < out.length; i++) {
      float value = Math.max(product(values, i / N * K, b, i % N, N, K), 0);
      assertEquals((byte) Reference.quantize(value, SIGNED, 0), out[i]);
    }
  }

  @Test
  void vectorsLackADimension() {
    float[] a = TestPrograms.floats(random, K, 1);
    float[] b = TestPrograms.floats(random, 2 * K * N, 1);
    TensorData row =
        new OneOperation("matmul").floats("a", a, K).floats("b", b, 2, K, N).run().get("out");
    assertArrayEquals(new long[] {2, N}, row.shape());
    assertEquals(product(a, 0, b, K * N + 3, N, K), row.floats()[N + 3]);
    TensorData column =
        new OneOperation("matmul").floats("a", b, 2, N, K).floats("b", a, K).run().get("out");
    assertArrayEquals(new long[] {2, N}, column.shape());
    assertEquals(product(b, (N + 3) * K, a, 0, 1, K), column.floats()[N + 3]);
    TensorData dot =
        new OneOperation("matmul").floats("a", a, K).floats("b", a, K).run().get("out");
    assertEquals(0, dot.shape().length);
    assertEquals(product(a, 0, a, 0, 1, K), dot.floats()[0]);
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    OneOperation operation =
        new OneOperation("matmul").floats("a", new float[6], 2, 3).floats("b", new float[8], 4, 2);
    String message = assertThrows(IllegalArgumentException.class, operation::run).getMessage();
    assertTrue(message.contains("K of input 'b'") && message.contains("expected 3"), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 4})
  void linearFloat(int bits) {
    int limit = 1 << Math.max(bits, 4) - 1;
    float[] x = TestPrograms.floats(random, M * K, 1);
    byte[] codes = TestPrograms.codes(random, N * K, -limit, limit - 1);
    Grid grid =
        Grid.perChannel(TestPrograms.perRow(random, N).scales(), null, -limit, limit - 1, 0);
    float[] weights = new float[N * K];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Reference.dequantize(codes[i], grid, i / K);
    }
    float[] bias = TestPrograms.floats(random, N, 1);
    OneOperation operation = new OneOperation("linear_float").floats("x", x, 1, M, K);
    if (bits == 0) {
      operation.constant("weights", weights, N, K);
    } else {
      operation.constant("weights", ElementType.S8, grid, codes, N, K).set("weight_bits", bits);
    }
    float[] out = operation.constant("bias", bias, N).run().get("out").floats();
    float[] expected = new float[M * N];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = product(x, i / N * K, weights, i % N * K, 1, K) + bias[i % N];
    }
    assertArrayEquals(expected, out);
  }
}
