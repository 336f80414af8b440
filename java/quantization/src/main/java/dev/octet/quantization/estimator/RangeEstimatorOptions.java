// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import java.util.OptionalInt;

/**
 * For what slices of a tensor ranges are estimated. Immutable.
 *
 * @param perChannel whether every index along dimension 0 has a range of its own
 * @param axis the dimension along which every index has a range of its own; negative ones count
 *     from the last; empty: none. Estimators that search, and the one over all batches, ignore it
 * @param nGroups into how many groups the indices along the axis are put, all of a group having one
 *     range; empty: every index on its own
 */
public record RangeEstimatorOptions(boolean perChannel, OptionalInt axis, OptionalInt nGroups) {

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of range, or both perChannel and axis are set
   */
  public RangeEstimatorOptions {
    if (axis == null || nGroups == null) {
      throw new IllegalArgumentException(
          (axis == null ? "axis" : "n_groups") + " is null, expected OptionalInt.empty() for none");
    }
    if (perChannel && axis.isPresent()) {
      throw new IllegalArgumentException(
          "both axis ("
              + axis.getAsInt()
              + ") and per_channel are set, expected at most one of them");
    }
    if (nGroups.isPresent() && nGroups.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "n_groups is " + nGroups.getAsInt() + ", expected at least 1");
    }
  }

  /** Returns the options for one range for the whole tensor. */
  public static RangeEstimatorOptions perTensor() {
    return new RangeEstimatorOptions(false, OptionalInt.empty(), OptionalInt.empty());
  }

  /** Returns the options for a range for every index along dimension 0. */
  public static RangeEstimatorOptions ofChannels() {
    return new RangeEstimatorOptions(true, OptionalInt.empty(), OptionalInt.empty());
  }
}
