// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import dev.octet.runtime.type.Grid;

/** The contracts of operations in plain Java, an element at a time. */
public final class Reference {
  private Reference() {}

  /** {@code clamp(round_half_even(x / scale) + zeroPoint)}; NaN gives the zero point. */
  public static int quantize(float x, Grid grid, int slice) {
    if (Float.isNaN(x)) {
      return grid.zeroPoint(slice);
    }
    float code = (float) Math.rint(x / grid.scale(slice)) + grid.zeroPoint(slice);
    return (int) Math.max(grid.intMin(), Math.min(grid.intMax(), code));
  }

  /** {@code scale * (code - zeroPoint)}. */
  public static float dequantize(int code, Grid grid, int slice) {
    return grid.scale(slice) * (code - grid.zeroPoint(slice));
  }

  /** Codes of numbers on a grid for all of them. */
  public static byte[] quantize(float[] x, Grid grid) {
    byte[] codes = new byte[x.length];
    for (int i = 0; i < x.length; i++) {
      codes[i] = (byte) quantize(x[i], grid, 0);
    }
    return codes;
  }

  /** Returns a stored code as a number. */
  public static int code(byte stored, boolean signed) {
    return signed ? stored : stored & 0xff;
  }

  /**
   * The sums of a matrix product of codes, with scale and bias: {@code fma(sum, a_scale *
   * w_scale[n], bias[n])}.
   *
   * @param x [m, k]
   * @param weights [n, k]
   * @param bias [n], or null: 0
   */
  public static float[] linear(
      byte[] x,
      boolean signed,
      Grid grid,
      byte[] weights,
      Grid weightGrid,
      float[] bias,
      int m,
      int k,
      int n) {
    float[] out = new float[m * n];
    for (int row = 0; row < m; row++) {
      for (int column = 0; column < n; column++) {
        int slice = weightGrid.isPerTensor() ? 0 : column * weightGrid.count() / n;
        long sum = 0;
        for (int i = 0; i < k; i++) {
          sum +=
              (long) (code(x[row * k + i], signed) - grid.zeroPoint(0))
                  * (weights[column * k + i] - weightGrid.zeroPoint(slice));
        }
        out[row * n + column] =
            Math.fma(
                (float) sum,
                grid.scale(0) * weightGrid.scale(slice),
                bias == null ? 0 : bias[column]);
      }
    }
    return out;
  }
}
