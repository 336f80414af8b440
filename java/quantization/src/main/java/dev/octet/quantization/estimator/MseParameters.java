// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * Parameters of the search for the range of least loss, the loss being the sum of squared errors.
 *
 * @param rangeOptMethod how the range is searched
 * @param numCandidates the number of ranges that a grid search tries in one dimension, at least 1
 * @param rangeMargin by how much the largest candidate exceeds the first batch, at least 0
 */
@JsonPropertyOrder({"range_opt_method", "num_candidates", "range_margin"})
public record MseParameters(
    @JsonProperty("range_opt_method") RangeOptMethod rangeOptMethod,
    @JsonProperty("num_candidates") int numCandidates,
    @JsonProperty("range_margin") double rangeMargin)
    implements SearchParameters {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public MseParameters {
    SearchChecks.check(rangeOptMethod, numCandidates, rangeMargin);
  }

  /** Makes the default parameters: golden section, 100 candidates, margin 0.5. */
  public MseParameters() {
    this(DEFAULT_RANGE_OPT_METHOD, DEFAULT_NUM_CANDIDATES, DEFAULT_RANGE_MARGIN);
  }

  /** Makes parameters in which null stands for the default. */
  @JsonCreator
  public static MseParameters of(
      @JsonProperty("range_opt_method") RangeOptMethod rangeOptMethod,
      @JsonProperty("num_candidates") Integer numCandidates,
      @JsonProperty("range_margin") Double rangeMargin) {
    return new MseParameters(
        rangeOptMethod == null ? DEFAULT_RANGE_OPT_METHOD : rangeOptMethod,
        numCandidates == null ? DEFAULT_NUM_CANDIDATES : numCandidates,
        rangeMargin == null ? DEFAULT_RANGE_MARGIN : rangeMargin);
  }

  @Override
  public RangeEstimatorType type() {
    return RangeEstimatorType.MSE;
  }
}
