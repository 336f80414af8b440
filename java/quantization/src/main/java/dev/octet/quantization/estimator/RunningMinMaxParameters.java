// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Parameters of the moving average of the batches' ranges.
 *
 * @param momentum the share of the old range in the new one, 0 to 1
 */
public record RunningMinMaxParameters(@JsonProperty("momentum") double momentum)
    implements RangeEstimatorParameters {

  /** The default of {@code momentum}. */
  public static final double DEFAULT_MOMENTUM = 0.9;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if momentum is out of range
   */
  public RunningMinMaxParameters {
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new IllegalArgumentException("momentum is " + momentum + ", expected 0 to 1");
    }
  }

  /** Makes the default parameters: momentum 0.9. */
  public RunningMinMaxParameters() {
    this(DEFAULT_MOMENTUM);
  }

  /** Makes parameters in which null stands for the default. */
  @JsonCreator
  public static RunningMinMaxParameters of(@JsonProperty("momentum") Double momentum) {
    return new RunningMinMaxParameters(momentum == null ? DEFAULT_MOMENTUM : momentum);
  }

  @Override
  public RangeEstimatorType type() {
    return RangeEstimatorType.RUNNING_MINMAX;
  }
}
