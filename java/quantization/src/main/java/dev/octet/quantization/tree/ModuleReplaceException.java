// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

/**
 * Thrown when a module of a model cannot be replaced. The model is then as it was before.
 *
 * <p>The message names the place that stands in the way and what can be done about it.
 */
public class ModuleReplaceException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Create an exception.
   *
   * @param message what could not be replaced, why, and what to do
   */
  public ModuleReplaceException(String message) {
    super(message);
  }

  /**
   * Create an exception with a cause.
   *
   * @param message what could not be replaced, why, and what to do
   * @param cause what was thrown
   */
  public ModuleReplaceException(String message, Throwable cause) {
    super(message, cause);
  }
}
