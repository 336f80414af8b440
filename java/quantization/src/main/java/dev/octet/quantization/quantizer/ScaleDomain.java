// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** What a quantizer stores as its step, and so what is learned where ranges are learned. */
public enum ScaleDomain {
  /** The step itself; a step below eps counts as eps. */
  LINEAR("linear"),
  /** The natural logarithm of the step. */
  LOG("log");

  private final String jsonName;

  ScaleDomain(String jsonName) {
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
  public static ScaleDomain ofJsonName(String name) {
    for (ScaleDomain domain : values()) {
      if (domain.jsonName.equals(name)) {
        return domain;
      }
    }
    throw new IllegalArgumentException(
        "scale_domain is '" + name + "', expected 'linear' or 'log'");
  }
}
