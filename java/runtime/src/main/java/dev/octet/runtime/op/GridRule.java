// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

/** What grid the values of a role have. */
public enum GridRule {
  /** None, whatever the type. */
  NONE,
  /** Codes (s8, u8, s32) have one for the whole value, floats none. */
  PER_TENSOR,
  /** Codes have one, per tensor or per channel; floats none. */
  REQUIRED,
  /** Codes may have one. */
  OPTIONAL
}
