// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** How a range becomes a grid. */
public enum QuantizationMethod {
  /** Zero point 0, see {@link SymmetricUniformQuantizer}. */
  SYMMETRIC_UNIFORM("symmetric_uniform"),
  /** With a zero point, see {@link AsymmetricUniformQuantizer}. */
  ASYMMETRIC_UNIFORM("asymmetric_uniform");

  private final String jsonName;

  QuantizationMethod(String jsonName) {
    this.jsonName = jsonName;
  }

  /** Returns the method that a configuration's {@code symmetric} stands for. */
  public static QuantizationMethod of(boolean symmetric) {
    return symmetric ? SYMMETRIC_UNIFORM : ASYMMETRIC_UNIFORM;
  }

  /** Returns the name in configuration files and module listings. */
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
  public static QuantizationMethod ofJsonName(String name) {
    for (QuantizationMethod method : values()) {
      if (method.jsonName.equals(name)) {
        return method;
      }
    }
    throw new IllegalArgumentException(
        "quantization method is '"
            + name
            + "', expected 'symmetric_uniform' or 'asymmetric_uniform'");
  }
}
