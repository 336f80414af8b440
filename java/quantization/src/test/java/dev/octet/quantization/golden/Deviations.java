// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import java.util.List;
import java.util.Map;

/**
 * Where quantizers and managers behave on purpose otherwise than the reference: the tag of its quirk,
 * why, and what happens instead. The golden tests check that instead.
 */
final class Deviations {
  /** The reference keeps the shape in which it views the step after the first input. */
  static final String STALE_VIEW = "stale-view";

  /** The reference adds a dimension to the output for axis -1. */
  static final String NEGATIVE_AXIS = "negative-axis";

  /** The reference can't use a manager that was given a range. */
  static final String MANAGER_WITH_RANGE = "manager-with-range";

  private static final Map<String, String> REASONS =
      Map.of(
          STALE_VIEW,
          "a result that depends on the shape of an earlier input is wrong; the steps lie along the"
              + " channel axis of every input",
          NEGATIVE_AXIS,
          "everywhere else in PyTorch a negative axis counts from the last; so it does here, and the"
              + " output has the shape of the input",
          MANAGER_WITH_RANGE,
          "a manager with a given range is there to be used: forward quantizes with that range;"
              + " resetting it still fails, for there is nothing to estimate it anew with");

  private Deviations() {}

  /** Tells whether a case shows one of the quirks that are not followed. */
  static boolean applies(String tag, List<String> quirks) {
    if (!REASONS.containsKey(tag)) {
      throw new AssertionError("no deviation '" + tag + "' is declared");
    }
    return quirks.contains(tag);
  }

  /** Returns why a quirk is not followed. */
  static String reason(String tag) {
    return REASONS.get(tag);
  }
}
