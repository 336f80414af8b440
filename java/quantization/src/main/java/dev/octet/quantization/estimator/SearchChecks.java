// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/** Checks that the parameters of both searches share. */
final class SearchChecks {
  private SearchChecks() {}

  static void check(RangeOptMethod method, int numCandidates, double rangeMargin) {
    if (method == null) {
      throw new IllegalArgumentException(
          "range_opt_method is null, expected 'grid' or 'golden_section'");
    }
    if (numCandidates < 1) {
      throw new IllegalArgumentException(
          "num_candidates is " + numCandidates + ", expected at least 1");
    }
    if (!(rangeMargin >= 0 && Double.isFinite(rangeMargin))) {
      throw new IllegalArgumentException(
          "range_margin is " + rangeMargin + ", expected a finite number of at least 0");
    }
  }
}
