// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

/** What padding is made of. */
public enum PaddingMode {
  /** One number. */
  CONSTANT,
  /** What lies as far inside of the border; the border itself is not repeated. */
  REFLECT,
  /** The border. */
  REPLICATE,
  /** What lies at the other end. */
  CIRCULAR
}
