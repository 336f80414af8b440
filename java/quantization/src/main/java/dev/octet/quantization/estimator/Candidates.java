// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/** The ranges that a grid search tries, in the order in which ties are decided. */
final class Candidates {
  private final float[] min;
  private final float[] max;
  private final long[] shape;

  private Candidates(long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    this.shape = shape;
    min = new float[count];
    max = new float[count];
  }

  /** Ranges of growing width that are symmetric around 0 or begin there. */
  static Candidates oneDimensional(SearchInterval interval, int count, boolean oneSided) {
    Candidates candidates = new Candidates(count);
    for (int i = 1; i <= count; i++) {
      double half = interval.largest() / count * i;
      candidates.set(i - 1, oneSided ? 0 : -half, half);
    }
    return candidates;
  }

  /**
   * Ranges of growing width, each shifted by up to a quarter of the grid's steps to either side and
   * cut off where the first batch ended.
   */
  static Candidates twoDimensional(SearchInterval interval, int count, int nBits) {
    int shifts = maxShift(nBits);
    Candidates candidates = new Candidates(count, shifts, 2);
    int k = 0;
    for (int i = 1; i <= count; i++) {
      double half = interval.largest() / count * i;
      double step = step(half, nBits);
      for (int shift = 0; shift < shifts; shift++) {
        for (int sign = 1; sign >= -1; sign -= 2) {
          double offset = sign * shift * step;
          candidates.set(
              k++,
              Math.max(-half + offset, interval.lowest()),
              Math.min(half + offset, interval.highest()));
        }
      }
    }
    return candidates;
  }

  /** How many steps a range may be shifted: a quarter of the grid. */
  static int maxShift(int nBits) {
    return (1 << nBits) / 4;
  }

  /** The step of a grid over -half..half. */
  static double step(double half, int nBits) {
    return 2 * half / ((1 << nBits) - 1);
  }

  private void set(int k, double lower, double upper) {
    min[k] = (float) lower;
    max[k] = (float) upper;
  }

  int count() {
    return min.length;
  }

  float[] min() {
    return min;
  }

  float[] max() {
    return max;
  }

  /** Candidates by width, and in two dimensions by shift and side. */
  long[] shape() {
    return shape;
  }
}
