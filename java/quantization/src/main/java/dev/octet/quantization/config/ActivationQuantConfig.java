// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;

/**
 * How a module's outputs, or the inputs of a module, are quantized.
 *
 * @param nBits bits of the integer grid, at most 16; 0 or less: not quantized
 * @param symmetric whether zero lies on a grid symmetric around it (zero point 0), else the grid
 *     has a zero point
 * @param rangeEstimator how the range is found
 * @param rangeEstimatorParams parameters of the estimator, never null: the estimator's defaults
 *     stand in for null
 */
@JsonPropertyOrder({"n_bits", "symmetric", "range_estimator", "range_estimator_params"})
public record ActivationQuantConfig(
    @JsonProperty("n_bits") int nBits,
    @JsonProperty("symmetric") boolean symmetric,
    @JsonProperty("range_estimator") RangeEstimatorType rangeEstimator,
    @JsonProperty("range_estimator_params") RangeEstimatorParameters rangeEstimatorParams) {

  /**
   * Checks the parts against each other.
   *
   * @throws IllegalArgumentException if {@code nBits} is out of range or the parameters belong to
   *     another estimator
   */
  public ActivationQuantConfig {
    BitWidths.check(nBits);
    rangeEstimatorParams = EstimatorChoice.check(rangeEstimator, rangeEstimatorParams);
  }

  /** Returns a builder that starts with 8 bits, symmetric, running min-max. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a configuration of so many bits that is otherwise the default. */
  public static ActivationQuantConfig ofBits(int nBits) {
    return builder().nBits(nBits).build();
  }

  /** Returns the configuration that leaves activations in floats. */
  public static ActivationQuantConfig none() {
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
        .rangeEstimator(rangeEstimator, rangeEstimatorParams);
  }

  /** Collects the parts of an {@link ActivationQuantConfig}. */
  public static final class Builder {
    private int nBits = 8;
    private boolean symmetric = true;
    private RangeEstimatorType rangeEstimator = RangeEstimatorType.RUNNING_MINMAX;
    private RangeEstimatorParameters rangeEstimatorParams;

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

    public ActivationQuantConfig build() {
      return new ActivationQuantConfig(nBits, symmetric, rangeEstimator, rangeEstimatorParams);
    }
  }
}
