// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

/**
 * Native memory that several holders use, among them calls that run; the last one frees it.
 *
 * <p>Safe for use by several threads.
 */
final class Shared<T extends AutoCloseable> {
  private final T value;
  private int holders = 1;

  /** Makes the caller the first holder. */
  Shared(T value) {
    this.value = value;
  }

  /** Returns what is shared; to be called by holders. */
  T value() {
    return value;
  }

  /** Makes the caller, who knows a holder that stays meanwhile, one more of them. */
  synchronized Shared<T> hold() {
    if (holders == 0) {
      throw new IllegalStateException("the memory is freed already");
    }
    holders++;
    return this;
  }

  /** Ends one hold. */
  void release() {
    synchronized (this) {
      if (--holders > 0) {
        return;
      }
    }
    try {
      value.close();
    } catch (Exception e) {
      throw new IllegalStateException("memory could not be freed", e);
    }
  }
}
