// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

/**
 * A function of the CUDA runtime has failed. The message has the function's name, and the error's
 * name and text. Errors of a kernel come to light at the first call that notices them, and stay: no
 * further call of the process can use the device then.
 */
public final class CudaRuntimeException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final int code;

  CudaRuntimeException(String function, int code, String name, String text) {
    super(function + " failed: " + name + " (" + text + ")");
    this.code = code;
  }

  /** Returns the {@code cudaError_t}. */
  public int code() {
    return code;
  }
}
