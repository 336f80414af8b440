// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** What becomes of the elements of a slice. */
public enum Reduction {
  SUM(octet.OCTET_REDUCE_SUM),
  MEAN(octet.OCTET_REDUCE_MEAN),
  MAX(octet.OCTET_REDUCE_MAX),
  MIN(octet.OCTET_REDUCE_MIN);

  private final int code;

  Reduction(int code) {
    this.code = code;
  }

  /** Returns the value of {@code octet_reduction}. */
  int code() {
    return code;
  }
}
