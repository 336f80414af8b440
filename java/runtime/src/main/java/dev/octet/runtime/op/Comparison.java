// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** Comparisons of two values. */
public enum Comparison {
  EQUAL(octet.OCTET_EQUAL),
  NOT_EQUAL(octet.OCTET_NOT_EQUAL),
  LESS(octet.OCTET_LESS),
  LESS_EQUAL(octet.OCTET_LESS_EQUAL),
  GREATER(octet.OCTET_GREATER),
  GREATER_EQUAL(octet.OCTET_GREATER_EQUAL);

  private final int code;

  Comparison(int code) {
    this.code = code;
  }

  /** Returns the value of {@code octet_comparison}. */
  int code() {
    return code;
  }
}
