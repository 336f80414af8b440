// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import org.bytedeco.pytorch.Tensor;

/**
 * A moving average of the batches' ranges: {@code (1 - momentum) * new + momentum * old}, beginning
 * with the first batch's.
 */
public final class RunningMinMaxEstimator extends RangeEstimator {
  private final float newShare;
  private final float oldShare;

  /** Makes an estimator. */
  public RunningMinMaxEstimator(RunningMinMaxParameters parameters, RangeEstimatorOptions options) {
    super(parameters, options, "RunningMinMaxEstimator");
    newShare = (float) (1 - parameters.momentum());
    oldShare = (float) parameters.momentum();
  }

  @Override
  public void update(Tensor x) {
    Range batch = BatchRange.minMax(x, BatchRange.axis(options(), x));
    if (options().axis().isPresent() && options().nGroups().isPresent()) {
      batch = SliceGroups.widen(batch, options().nGroups().getAsInt(), null);
    }
    Range before = current();
    store(before == null ? batch : before.with(batch, this::average, this::average));
  }

  private float average(float old, float next) {
    return newShare * next + oldShare * old;
  }
}
