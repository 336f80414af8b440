// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import org.bytedeco.pytorch.Tensor;

/** The range of all batches, per tensor or per channel; axis and groups are ignored. */
public final class AllMinMaxEstimator extends RangeEstimator {

  /** Makes an estimator. */
  public AllMinMaxEstimator(AllMinMaxParameters parameters, RangeEstimatorOptions options) {
    super(parameters, options, "AllMinMaxEstimator");
  }

  @Override
  public void update(Tensor x) {
    int axis = options().perChannel() ? BatchRange.channelAxis(x) : -1;
    Range batch = BatchRange.minMax(x, axis);
    Range before = current();
    store(before == null ? batch : before.with(batch, Math::min, Math::max));
  }
}
