// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** Functions of two values. */
public enum BinaryFunction {
  ADD(octet.OCTET_ADD),
  SUB(octet.OCTET_SUB),
  MUL(octet.OCTET_MUL),
  DIV(octet.OCTET_DIV),
  MIN(octet.OCTET_MIN),
  MAX(octet.OCTET_MAX);

  private final int code;

  BinaryFunction(int code) {
    this.code = code;
  }

  /** Returns the value of {@code octet_binary_function}. */
  int code() {
    return code;
  }
}
