// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/** The estimator of the range of all batches has no parameters. */
public record AllMinMaxParameters() implements RangeEstimatorParameters {
  @Override
  public RangeEstimatorType type() {
    return RangeEstimatorType.ALLMINMAX;
  }
}
