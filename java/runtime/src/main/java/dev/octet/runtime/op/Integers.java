// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Value;

/** What operations have in common that compute with real numbers or, exactly, with whole ones. */
final class Integers {
  private Integers() {}

  /**
   * Tells whether an operation computes with whole numbers: its inputs are {@code i64}.
   *
   * @throws dev.octet.runtime.type.InvalidProgramException if some of its inputs and its output are
   *     and others are not
   */
  static boolean computes(OperationView operation) {
    Value out = operation.output("out");
    boolean integers = out.type() == ElementType.I64;
    for (Value input : operation.inputs().values()) {
      if (integers != (input.type() == ElementType.I64)) {
        throw operation.error(
            "makes '"
                + out.name()
                + "' of type "
                + out.type()
                + " from '"
                + input.name()
                + "' of type "
                + input.type()
                + "; expected i64 for all or none of them: cast one");
      }
    }
    return integers;
  }

  /** Returns the output whose maker did not say its type: whole numbers if the input is. */
  static Value defaultOutput(Value input, Value otherwise, String name) {
    boolean integers = input != null && input.type() == ElementType.I64;
    return integers ? OperationKind.like(name, ElementType.I64, null) : otherwise;
  }
}
