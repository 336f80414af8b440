// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import java.util.Arrays;

/**
 * Sums 32-bit floats in one fixed order: in four interleaved rows of eight lanes, each over levels,
 * so that errors grow with the logarithm of the length.
 *
 * <p>The order is that in which libtorch sums a contiguous row with eight lanes. libtorch's own
 * sums have as many lanes as the processor, and a golden-section search over a noisy loss ends
 * elsewhere for a difference in the last place: with this order it ends at the same range on every
 * machine.
 */
final class CascadeSum {
  private static final int LANES = 8;
  private static final int ROWS = 4;
  private static final int LEVELS = 4;
  private static final int LEAST_POWER = 4;

  private final float[] values;
  private final int lanes;
  private final int width;

  private CascadeSum(float[] values, int lanes) {
    this.values = values;
    this.lanes = lanes;
    this.width = ROWS * lanes;
  }

  /** Sums a part of an array. */
  static float of(float[] values, int from, int count) {
    // Less than one vector is summed element by element, in four rows likewise.
    return new CascadeSum(values, count < LANES ? 1 : LANES).sum(from, count);
  }

  private float sum(int from, int count) {
    int vectors = count / lanes;
    float[] sums = lanes(from, vectors);
    float sum = 0;
    for (int i = from + vectors * lanes; i < from + count; i++) {
      sum += values[i];
    }
    for (int lane = 0; lane < lanes; lane++) {
      sum += sums[lane];
    }
    return sum;
  }

  private float[] lanes(int from, int vectors) {
    int steps = vectors / ROWS;
    float[] sums = levels(from, steps);
    for (int i = from + steps * width; i < from + vectors * lanes; i += lanes) {
      for (int lane = 0; lane < lanes; lane++) {
        sums[lane] += values[i + lane];
      }
    }
    for (int row = 1; row < ROWS; row++) {
      for (int lane = 0; lane < lanes; lane++) {
        sums[lane] += sums[row * lanes + lane];
      }
    }
    return sums;
  }

  /**
   * Sums steps of four vectors; what a level has summed goes to the next one after so many steps.
   */
  private float[] levels(int from, int steps) {
    int power = Math.max(LEAST_POWER, ceilLog2(steps) / LEVELS);
    int stride = 1 << power;
    float[][] sums = new float[LEVELS][width];
    int step = 0;
    while (step + stride <= steps) {
      for (int i = 0; i < stride; i++) {
        add(sums[0], values, from + step++ * width);
      }
      for (int level = 1; level < LEVELS; level++) {
        add(sums[level], sums[level - 1], 0);
        Arrays.fill(sums[level - 1], 0);
        if ((step & (stride - 1) << level * power) != 0) {
          break;
        }
      }
    }
    while (step < steps) {
      add(sums[0], values, from + step++ * width);
    }
    for (int level = 1; level < LEVELS; level++) {
      add(sums[0], sums[level], 0);
    }
    return sums[0];
  }

  private void add(float[] sums, float[] terms, int from) {
    for (int i = 0; i < width; i++) {
      sums[i] += terms[from + i];
    }
  }

  private static int ceilLog2(int value) {
    return value <= 2 ? 1 : Integer.SIZE - Integer.numberOfLeadingZeros(value - 1);
  }
}
