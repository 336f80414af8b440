// SPDX-License-Identifier: Apache-2.0
package dev.octet.bindings;

/** Says why Octet's native library could not be loaded, and what to do about it. */
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NativeLibraryException(String message, Throwable cause) {
    super(message, cause);
  }
}
