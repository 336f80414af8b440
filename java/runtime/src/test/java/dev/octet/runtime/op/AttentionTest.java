// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
class AttentionTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int QUERIES = 3;
  private static final int KEYS = 5;
  private static final int DIM = 8;
  private static final Grid GRID = Grid.perTensor(0.03f, 120, 0, 255);

  private final Random random = new Random(9);
  private final byte[] q = TestPrograms.codes(random, BATCH * HEADS * QUERIES * DIM, 0, 255);
  private final byte[] k = TestPrograms.codes(random, BATCH * KEY_HEADS * KEYS * DIM, 0, 255);
  private final byte[] v = TestPrograms.codes(random, BATCH * KEY_HEADS * KEYS * DIM, 0, 255);

  private static long[] shape(boolean headsFirst, int heads, int tokens) {
    return headsFirst
        ? new long[] {BATCH, heads, tokens, DIM}
        : new long[] {BATCH, tokens, heads, DIM};
  }

  private static int place(boolean headsFirst, int heads, int tokens, int b, int h, int t) {
    return (headsFirst ? (b * heads + h) * tokens + t : (b * tokens + t) * heads + h) * DIM;
  }

  private static double real(byte code) {
    return GRID.scale(0) * ((code & 0xff) - GRID.zeroPoint(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bhtd", "bthd"})
  void attends(String layout) {
    boolean first = layout.equals("bhtd");
    long[] lengths = {5, 3};
    TensorData out =
        new OneOperation("attention")
            .codes("q", ElementType.U8, GRID, q, shape(first, HEADS, QUERIES))
            .codes("k", ElementType.U8, GRID, k, shape(first, KEY_HEADS, KEYS))
            .codes("v", ElementType.U8, GRID, v, shape(first, KEY_HEADS, KEYS))
            .input("lengths", ElementType.I64, null, TensorData.of(lengths, BATCH))
            .set("scale", 0.1)
            .set("layout", layout)
            .run()
            .get("out");
    assertArrayEquals(shape(first, HEADS, QUERIES), out.shape());
    for (int b = 0; b < BATCH; b++) {
      for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t < QUERIES; t++) {
          int row = place(first, HEADS, QUERIES, b, h, t);
          double[] expected = expected(first, row, b, h / 2, (int) lengths[b]);
          for (int d = 0; d < DIM; d++) {
            // A step of the probabilities' grid for each key, times the largest value.
            assertEquals(expected[d], out.floats()[row + d], KEYS * 0.5 / 255 * 4.1);
          }
        }
      }
    }
  }

  private double[] expected(boolean first, int row, int b, int keyHead, int length) {
    double[] weights = new double[length];
    double total = 0;
    for (int t = 0; t < length; t++) {
      int key = place(first, KEY_HEADS, KEYS, b, keyHead, t);
      double score = 0;
      for (int d = 0; d < DIM; d++) {
        score += real(q[row + d]) * real(k[key + d]);
      }
      weights[t] = Math.exp(score * 0.1);
      total += weights[t];
    }
    double[] result = new double[DIM];
    for (int t = 0; t < length; t++) {
      int value = place(first, KEY_HEADS, KEYS, b, keyHead, t);
      for (int d = 0; d < DIM; d++) {
        result[d] += weights[t] / total * real(v[value + d]);
      }
    }
    return result;
  }

  @Test
  void headsOfKeysMustDivideHeadsOfQueries() {
    OneOperation operation =
        new OneOperation("attention")
            .codes("q", ElementType.U8, GRID, new byte[3 * DIM], 1, 3, 1, DIM)
            .codes("k", ElementType.U8, GRID, new byte[2 * DIM], 1, 2, 1, DIM)
            .codes("v", ElementType.U8, GRID, new byte[2 * DIM], 1, 2, 1, DIM);
    String message = assertThrows(IllegalArgumentException.class, operation::run).getMessage();
    assertTrue(message.contains("3 heads of queries and 2 of keys"), message);
  }
}
