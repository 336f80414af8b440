// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

/** Says that one node can't be lowered; it becomes an entry of the report. */
final class UnsupportedOperator extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String advice;

  /**
   * Makes an exception without a stack trace, which is part of no message.
   *
   * @param reason why
   * @param advice what to do; null if nothing is known
   */
  UnsupportedOperator(String reason, String advice) {
    super(reason, null, false, false);
    this.advice = advice;
  }

  UnsupportedOperator(String reason) {
    this(reason, null);
  }

  String advice() {
    return advice;
  }
}
