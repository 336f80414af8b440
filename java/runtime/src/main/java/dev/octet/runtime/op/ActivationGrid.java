// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;

/**
 * The grid of the activations of a product in integers: that of x if it is codes, else the one of
 * the attributes {@code x_scale}, {@code x_zero_point}, {@code x_int_min} and {@code x_int_max}, on
 * which real numbers are quantized while they are read.
 */
final class ActivationGrid {
  private ActivationGrid() {}

  /** Adds the attributes. */
  static Signature.Builder add(Signature.Builder signature) {
    return signature
        .attribute(AttributeSpec.optionalReal("x_scale", Float.MIN_NORMAL, Float.MAX_VALUE))
        .attribute(AttributeSpec.integer("x_zero_point", 0L, -128, 255))
        .attribute(AttributeSpec.integer("x_int_min", -128L, -128, 255))
        .attribute(AttributeSpec.integer("x_int_max", 127L, -128, 255));
  }

  /** Tells whether the attributes say a grid. */
  static boolean isGiven(OperationView operation) {
    return operation.hasAttribute("x_scale");
  }

  /** Checks the grid of the attributes. */
  static void check(OperationView operation) {
    Grid grid = given(operation);
    if (!grid.fits(ElementType.S8) && !grid.fits(ElementType.U8)) {
      throw operation.error(
          "quantizes x to "
              + grid.intMin()
              + ".."
              + grid.intMax()
              + "; expected a part of -128..127 or of 0..255");
    }
  }

  private static Grid given(OperationView operation) {
    return Grid.perTensor(
        operation.real("x_scale"),
        (int) operation.integer("x_zero_point"),
        (int) operation.integer("x_int_min"),
        (int) operation.integer("x_int_max"));
  }

  /** Returns the grid as a structure. */
  static octet_grid prepare(CallContext context) {
    return isGiven(context.operation())
        ? context.grid(given(context.operation()))
        : context.grid("x");
  }
}
