// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.memory;

/** Says how much native memory was wanted for what, and why it could not be had. */
public final class NativeMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NativeMemoryException(String message) {
    super(message);
  }
}
