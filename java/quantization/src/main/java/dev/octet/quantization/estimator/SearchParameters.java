// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/** The parameters of the estimators that search the range of least loss. */
public sealed interface SearchParameters extends RangeEstimatorParameters
    permits MseParameters, CrossEntropyParameters {

  /** The default of {@link #rangeOptMethod()}. */
  RangeOptMethod DEFAULT_RANGE_OPT_METHOD = RangeOptMethod.GOLDEN_SECTION;

  /** The default of {@link #numCandidates()}. */
  int DEFAULT_NUM_CANDIDATES = 100;

  /** The default of {@link #rangeMargin()}. */
  double DEFAULT_RANGE_MARGIN = 0.5;

  /** Returns how the range is searched. */
  RangeOptMethod rangeOptMethod();

  /** Returns the number of ranges that a grid search tries in one dimension, at least 1. */
  int numCandidates();

  /** Returns by how much the largest candidate exceeds the first batch. */
  double rangeMargin();
}
