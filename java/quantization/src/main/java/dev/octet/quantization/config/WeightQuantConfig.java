// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;

/**
 * How the weight of a module is quantized.
 *
 * @param nBits bits of the integer grid, at most 16; 0 or less: not quantized
 * @param symmetric whether zero lies on a grid symmetric around it (zero point 0), else the grid
 *     has a zero point
 * @param rangeEstimator how the range is found
 * @param rangeEstimatorParams parameters of the estimator, never null: the estimator's defaults
 *     stand in for null
 * @param perChannel whether every index along dimension 0 has a range of its own
 */
@JsonPropertyOrder({
  "n_bits",
  "symmetric",
  "range_estimator",
  "range_estimator_params",
  "per_channel"
})
public record WeightQuantConfig(
    @JsonProperty("n_bits") int nBits,
    @JsonProperty("symmetric") boolean symmetric,
    @JsonProperty("range_estimator") RangeEstimatorType rangeEstimator,
    @JsonProperty("range_estimator_params") RangeEstimatorParameters rangeEstimatorParams,
    @JsonProperty("per_channel") boolean perChannel) {

  /**
   * Checks the parts against each other.
   *
   * @throws IllegalArgumentException if {@code nBits} is out of range or the parameters belong to
   *     another estimator
   */
  public WeightQuantConfig {
    BitWidths.check(nBits);
    rangeEstimatorParams = EstimatorChoice.check(rangeEstimator, rangeEstimatorParams);
  }

  /**
   * Returns a builder that starts with 8 bits, symmetric, current min-max, one range for the whole
   * tensor.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a configuration of so many bits that is otherwise the default. */
  public static WeightQuantConfig ofBits(int nBits) {
    return builder().nBits(nBits).build();
  }

  /** Returns the configuration that leaves weights in floats. */
  public static WeightQuantConfig none() {
    return ofBits(0);
  }

  /** Tells whether anything is to be quantized. */
  public boolean enabled() {
    return nBits > 0;
  }

  /** Returns a builder that starts with this configuration. */
  public Builder toBuilder() {
    return new Builder()
        .nBits(nBits)
        .symmetric(symmetric)
        .rangeEstimator(rangeEstimator, rangeEstimatorParams)
        .perChannel(perChannel);
  }

  /** Collects the parts of an {@link WeightQuantConfig}. */
  public static final class Builder {
    private int nBits = 8;
    private boolean symmetric = true;
    private RangeEstimatorType rangeEstimator = RangeEstimatorType.CURRENT_MINMAX;
    private RangeEstimatorParameters rangeEstimatorParams;
    private boolean perChannel;

    private Builder() {}

    public Builder nBits(int nBits) {
      this.nBits = nBits;
      return this;
    }

    public Builder symmetric(boolean symmetric) {
      this.symmetric = symmetric;
      return this;
    }

    /** Chooses an estimator with its default parameters. */
    public Builder rangeEstimator(RangeEstimatorType type) {
      return rangeEstimator(type, null);
    }

    /** Chooses an estimator and its parameters (null: the defaults). */
    public Builder rangeEstimator(RangeEstimatorType type, RangeEstimatorParameters parameters) {
      this.rangeEstimator = type;
      this.rangeEstimatorParams = parameters;
      return this;
    }

    /** Chooses the estimator that the parameters belong to. */
    public Builder rangeEstimator(RangeEstimatorParameters parameters) {
      return rangeEstimator(parameters.type(), parameters);
    }

    public Builder perChannel(boolean perChannel) {
      this.perChannel = perChannel;
      return this;
    }

    public WeightQuantConfig build() {
      return new WeightQuantConfig(
          nBits, symmetric, rangeEstimator, rangeEstimatorParams, perChannel);
    }
  }
}
