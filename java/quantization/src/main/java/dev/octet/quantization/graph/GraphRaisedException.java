// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

/** Thrown where the recorded program raises an exception of its own. */
public final class GraphRaisedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String pythonClass;

  GraphRaisedException(String pythonClass, String message) {
    super(pythonClass + ": " + message);
    this.pythonClass = pythonClass;
  }

  /**
   * Return the class that the program named.
   *
   * @return such as {@code builtins.ValueError}
   */
  public String pythonClass() {
    return pythonClass;
  }
}
