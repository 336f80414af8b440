// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

/** Says which part of a program is wrong, what it is, and what was expected. */
public final class InvalidProgramException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public InvalidProgramException(String message) {
    super(message);
  }
}
