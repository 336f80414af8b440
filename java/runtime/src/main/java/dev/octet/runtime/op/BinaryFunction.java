// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** Functions of two values: of real numbers, of whole numbers, or of both. */
public enum BinaryFunction {
  ADD(octet.OCTET_ADD, octet.OCTET_INTEGER_ADD),
  SUB(octet.OCTET_SUB, octet.OCTET_INTEGER_SUB),
  MUL(octet.OCTET_MUL, octet.OCTET_INTEGER_MUL),
  DIV(octet.OCTET_DIV, BinaryFunction.NONE),
  MIN(octet.OCTET_MIN, octet.OCTET_INTEGER_MIN),
  MAX(octet.OCTET_MAX, octet.OCTET_INTEGER_MAX),
  /** The quotient, rounded down; 0 by 0. */
  FLOOR_DIV(BinaryFunction.NONE, octet.OCTET_INTEGER_FLOOR_DIV),
  /** What {@link #FLOOR_DIV} leaves, of the sign of the divisor; 0 by 0. */
  REMAINDER(BinaryFunction.NONE, octet.OCTET_INTEGER_REMAINDER);

  private static final int NONE = -1;

  private final int code;
  private final int integerCode;

  BinaryFunction(int code, int integerCode) {
    this.code = code;
    this.integerCode = integerCode;
  }

  /** Tells whether there is such a function of real, or of whole numbers. */
  boolean isOf(boolean integers) {
    return (integers ? integerCode : code) != NONE;
  }

  /** Returns the value of {@code octet_binary_function}. */
  int code() {
    return code;
  }

  /** Returns the value of {@code octet_integer_function}. */
  int integerCode() {
    return integerCode;
  }
}
