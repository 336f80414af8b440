// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

import java.io.IOException;

/** Says what is wrong with a safetensors file. */
public final class SafetensorsException extends IOException {
  private static final long serialVersionUID = 1L;

  public SafetensorsException(String message) {
    super(message);
  }

  public SafetensorsException(String message, Throwable cause) {
    super(message, cause);
  }
}
