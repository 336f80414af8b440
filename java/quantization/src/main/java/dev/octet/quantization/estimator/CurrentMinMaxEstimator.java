// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import org.bytedeco.pytorch.Tensor;

/**
 * The range of the last batch.
 *
 * <p>With a percentile p: per tensor the values from the p-th percentile to the maximum, in a
 * tensor of shape [1]; per channel from the p-th to the (100 - p)-th. Percentile 0 is none.
 */
public final class CurrentMinMaxEstimator extends RangeEstimator {
  private final double percentile;
  private float[] groupRanges;

  /** Makes an estimator. */
  public CurrentMinMaxEstimator(CurrentMinMaxParameters parameters, RangeEstimatorOptions options) {
    super(parameters, options, "CurrentMinMaxEstimator");
    Double p = parameters.percentile();
    percentile = p == null ? 0 : p;
  }

  @Override
  public void update(Tensor x) {
    int axis = BatchRange.axis(options(), x);
    if (perGroupRangeEstimation()) {
      measureSpreads(x, axis);
      return;
    }
    Range range;
    if (percentile == 0) {
      range = BatchRange.minMax(x, axis);
    } else if (axis >= 0) {
      range = BatchRange.percentile(x, axis, percentile, 100 - percentile);
    } else {
      Range whole = BatchRange.percentile(x, axis, percentile, 100);
      range = Range.vector(whole.min(), whole.max());
    }
    if (options().axis().isPresent() && options().nGroups().isPresent()) {
      range = SliceGroups.widen(range, options().nGroups().getAsInt(), groupRanges);
    }
    store(range);
  }

  private void measureSpreads(Tensor x, int axis) {
    if (options().axis().isEmpty() || axis == 0) {
      throw new IllegalArgumentException(
          "per_group_range_estimation is on, but axis is "
              + (axis == 0 ? "0" : "not set")
              + ", expected an axis other than 0; switch it off or set such an axis");
    }
    Range slices = BatchRange.minMax(x, axis);
    float[] spreads = new float[slices.min().length];
    for (int i = 0; i < spreads.length; i++) {
      spreads[i] = slices.max()[i] - slices.min()[i];
    }
    groupRanges = groupRanges == null ? spreads : averagedWithItself(spreads);
  }

  /** The reference averages the new spread with itself, not with the old one; that rounds it. */
  private static float[] averagedWithItself(float[] spreads) {
    for (int i = 0; i < spreads.length; i++) {
      spreads[i] = 0.1f * spreads[i] + 0.9f * spreads[i];
    }
    return spreads;
  }

  /** Returns the spreads of the slices that the last measuring batch had; null without one. */
  public float[] groupRanges() {
    return groupRanges == null ? null : groupRanges.clone();
  }

  @Override
  void copyFindings(RangeEstimator other) {
    super.copyFindings(other);
    groupRanges = ((CurrentMinMaxEstimator) other).groupRanges();
  }
}
