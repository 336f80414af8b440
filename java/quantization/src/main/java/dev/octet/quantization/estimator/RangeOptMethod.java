// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** How the range of least loss is searched. */
public enum RangeOptMethod {
  /** Evenly spaced candidates; losses add up over the batches. */
  GRID("grid"),
  /** Golden-section search with parabolic interpolation, on the last batch alone. */
  GOLDEN_SECTION("golden_section");

  private final String jsonName;

  RangeOptMethod(String jsonName) {
    this.jsonName = jsonName;
  }

  /** Returns the name in configuration files. */
  @JsonValue
  public String jsonName() {
    return jsonName;
  }

  /**
   * Returns the constant of a name in configuration files.
   *
   * @throws IllegalArgumentException if there is none
   */
  @JsonCreator
  public static RangeOptMethod ofJsonName(String name) {
    for (RangeOptMethod method : values()) {
      if (method.jsonName.equals(name)) {
        return method;
      }
    }
    throw new IllegalArgumentException(
        "range_opt_method is '" + name + "', expected 'grid' or 'golden_section'");
  }
}
