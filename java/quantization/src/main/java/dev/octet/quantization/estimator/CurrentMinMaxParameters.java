// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Parameters of the estimator that takes the range of the last batch.
 *
 * @param percentile the percentage cut off, 0 to 100 (per channel: at most 50 makes sense, both
 *     ends are cut; per tensor only the lower end is); null and 0: none
 */
public record CurrentMinMaxParameters(@JsonProperty("percentile") Double percentile)
    implements RangeEstimatorParameters {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if percentile is out of range
   */
  public CurrentMinMaxParameters {
    if (percentile != null && !(percentile >= 0 && percentile <= 100)) {
      throw new IllegalArgumentException(
          "percentile is " + percentile + ", expected 0 to 100, or null for none");
    }
  }

  /** Makes the default parameters: no percentile. */
  public CurrentMinMaxParameters() {
    this(null);
  }

  @Override
  public RangeEstimatorType type() {
    return RangeEstimatorType.CURRENT_MINMAX;
  }
}
