// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.manager;

/** What a {@link QuantizationManager} does with the values it is given. */
public enum RangeState {
  /** Every forward updates the range. */
  ESTIMATE_RANGES("estimate_ranges"),
  /** The range stays. */
  FIX_RANGES("fix_ranges"),
  /** The range is a parameter that optimizers learn. */
  LEARN_RANGES("learn_ranges"),
  /** A forward updates the range in train mode and leaves it in eval mode. */
  ESTIMATE_RANGES_TRAIN("estimate_ranges_train");

  private final String jsonName;

  RangeState(String jsonName) {
    this.jsonName = jsonName;
  }

  /** Returns the name in files and listings. */
  public String jsonName() {
    return jsonName;
  }
}
