// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Puts the slices along an axis into groups that have one range. */
final class SliceGroups {
  private SliceGroups() {}

  /**
   * Widens the range of every slice to that of its group.
   *
   * @param spreads where not null, slices are sorted by them first, so that a group has slices of
   *     similar spread
   */
  static Range widen(Range slices, int groups, float[] spreads) {
    int count = slices.min().length;
    if (count % groups != 0) {
      throw new IllegalArgumentException(
          "n_groups is "
              + groups
              + ", but x has size "
              + count
              + " along the axis; expected a divisor of it");
    }
    int[] order = order(count, spreads);
    float[] min = new float[count];
    float[] max = new float[count];
    int size = count / groups;
    for (int first = 0; first < count; first += size) {
      float least = Float.POSITIVE_INFINITY;
      float greatest = Float.NEGATIVE_INFINITY;
      for (int i = first; i < first + size; i++) {
        least = Math.min(least, slices.min()[order[i]]);
        greatest = Math.max(greatest, slices.max()[order[i]]);
      }
      for (int i = first; i < first + size; i++) {
        min[order[i]] = least;
        max[order[i]] = greatest;
      }
    }
    return Range.vector(min, max);
  }

  private static int[] order(int count, float[] spreads) {
    IntStream slices = IntStream.range(0, count);
    if (spreads == null) {
      return slices.toArray();
    }
    if (spreads.length != count) {
      throw new IllegalArgumentException(
          "x has size "
              + count
              + " along the axis, but the spreads were measured for "
              + spreads.length
              + " slices; call reset() before tensors of another size");
    }
    return slices
        .boxed()
        .sorted(Comparator.comparingDouble(i -> spreads[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
