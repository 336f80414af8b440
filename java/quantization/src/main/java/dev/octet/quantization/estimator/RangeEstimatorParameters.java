// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/** The parameters of one kind of range estimator. Implementations are immutable. */
public sealed interface RangeEstimatorParameters
    permits CurrentMinMaxParameters,
        AllMinMaxParameters,
        RunningMinMaxParameters,
        SearchParameters {

  /** Returns the kind of estimator that takes these parameters. */
  RangeEstimatorType type();
}
