// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

/** How an operator becomes operations of a draft. */
@FunctionalInterface
interface Rule {
  /**
   * Lowers one node.
   *
   * @return what later nodes take for its result
   * @throws UnsupportedOperator if this can't be done
   */
  Object apply(Call call);
}
