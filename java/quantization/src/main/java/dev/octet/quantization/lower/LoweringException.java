// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

/** Thrown if a model can't be made into a program; the message says what, where, and what to do. */
public final class LoweringException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Makes an exception. */
  public LoweringException(String message) {
    super(message);
  }

  /** Makes an exception with a cause. */
  public LoweringException(String message, Throwable cause) {
    super(message, cause);
  }
}
