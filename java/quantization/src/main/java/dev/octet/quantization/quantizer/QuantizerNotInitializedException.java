// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

/** Thrown where a quantizer is used that has no range yet. */
public class QuantizerNotInitializedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Makes an exception with a message that says what was attempted and what to do. */
  public QuantizerNotInitializedException(String message) {
    super(message);
  }
}
