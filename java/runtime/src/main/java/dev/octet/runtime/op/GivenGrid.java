// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;

/**
 * The grid of an operand of a product in integers: its own if it is codes, else the one of the
 * attributes {@code x_scale}, {@code x_zero_point}, {@code x_int_min} and {@code x_int_max} (for an
 * operand x), on which real numbers are quantized while they are read.
 */
final class GivenGrid {
  private GivenGrid() {}

  /** Adds the attributes of an operand. */
  static Signature.Builder add(Signature.Builder signature, String operand) {
    return signature
        .attribute(
            AttributeSpec.optionalReal(operand + "_scale", Float.MIN_NORMAL, Float.MAX_VALUE))
        .attribute(AttributeSpec.integer(operand + "_zero_point", 0L, -128, 255))
        .attribute(AttributeSpec.integer(operand + "_int_min", -128L, -128, 255))
        .attribute(AttributeSpec.integer(operand + "_int_max", 127L, -128, 255));
  }

  /** Tells whether the attributes say a grid. */
  static boolean isGiven(OperationView operation, String operand) {
    return operation.hasAttribute(operand + "_scale");
  }

  /** Checks the grid of the attributes, if they say one. */
  static void check(OperationView operation, String operand) {
    if (!isGiven(operation, operand)) {
      return;
    }
    Grid grid = grid(operation, operand);
    if (!grid.fits(ElementType.S8) && !grid.fits(ElementType.U8)) {
      throw operation.error(
          "quantizes "
              + operand
              + " to "
              + grid.intMin()
              + ".."
              + grid.intMax()
              + "; expected a part of -128..127 or of 0..255");
    }
  }

  private static Grid grid(OperationView operation, String operand) {
    return Grid.perTensor(
        operation.real(operand + "_scale"),
        (int) operation.integer(operand + "_zero_point"),
        (int) operation.integer(operand + "_int_min"),
        (int) operation.integer(operand + "_int_max"));
  }

  /** Returns the grid as a structure; null if the operand has none, neither way. */
  static octet_grid prepare(CallContext context, String operand) {
    return isGiven(context.operation(), operand)
        ? context.grid(grid(context.operation(), operand))
        : context.grid(operand);
  }
}
