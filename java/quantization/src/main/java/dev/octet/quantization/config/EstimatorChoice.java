// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;

/** Checks that an estimator and its parameters belong together. */
final class EstimatorChoice {
  private EstimatorChoice() {}

  static RangeEstimatorParameters check(
      RangeEstimatorType type, RangeEstimatorParameters parameters) {
    if (type == null) {
      throw new IllegalArgumentException(
          "range_estimator is missing, expected one of " + RangeEstimatorType.jsonNames());
    }
    if (parameters == null) {
      return type.defaultParameters();
    }
    if (parameters.type() != type) {
      throw new IllegalArgumentException(
          "range_estimator_params are "
              + parameters.getClass().getSimpleName()
              + ", which belong to "
              + parameters.type().jsonName()
              + ", but range_estimator is "
              + type.jsonName()
              + ", which takes "
              + type.parametersClass().getSimpleName());
    }
    return parameters;
  }
}
