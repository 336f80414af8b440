// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import java.util.Objects;

/**
 * A tensor of a program: an input, a constant, or what an operation makes.
 *
 * @param name unique in its program: printable characters, 1 to 512
 * @param type type of the elements
 * @param shape sizes
 * @param grid for codes the grid they lie on; null for plain numbers
 */
public record Value(String name, ElementType type, Shape shape, Grid grid) {
  private static final int LONGEST_NAME = 512;

  /**
   * Checks the parts against each other.
   *
   * @throws InvalidProgramException for a name that is none, and for a grid that does not fit type
   *     and shape
   */
  public Value {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(shape, "shape");
    checkName(name);
    if (grid != null) {
      checkGrid(name, type, shape, grid);
    }
  }

  /** Checks that a string can be the name of a value. */
  public static void checkName(String name) {
    Objects.requireNonNull(name, "name");
    if (name.isEmpty() || name.length() > LONGEST_NAME) {
      throw new InvalidProgramException(
          "a value's name has " + name.length() + " characters; expected 1 to " + LONGEST_NAME);
    }
    for (int i = 0; i < name.length(); i++) {
      if (Character.isISOControl(name.charAt(i))) {
        throw new InvalidProgramException("a value's name has a control character");
      }
    }
  }

  private static void checkGrid(String name, ElementType type, Shape shape, Grid grid) {
    if (!type.mayHaveGrid()) {
      throw new InvalidProgramException(
          "value '" + name + "' is " + type + " and has a grid; only s8, u8 and s32 may have one");
    }
    if (!grid.fits(type)) {
      throw new InvalidProgramException(
          "value '"
              + name
              + "': the codes "
              + grid.intMin()
              + ".."
              + grid.intMax()
              + " of its grid don't fit "
              + type);
    }
    if (grid.isPerTensor()) {
      return;
    }
    if (grid.axis() >= shape.rank()) {
      throw new InvalidProgramException(
          "value '" + name + "' of shape " + shape + " has a grid along axis " + grid.axis());
    }
    Dimension size = shape.get(grid.axis());
    boolean divides =
        size.isFixed()
            && (grid.count() == 0 ? size.value() == 0 : size.value() % grid.count() == 0);
    if (!divides) {
      throw new InvalidProgramException(
          "value '"
              + name
              + "' has "
              + grid.count()
              + " scales along axis "
              + grid.axis()
              + " of size "
              + size
              + "; expected a divisor of a size that is a number");
    }
  }

  /** Returns the value with another shape. */
  public Value withShape(Shape other) {
    return new Value(name, type, other, grid);
  }

  /** Returns name, type, shape and grid: {@code x: u8[batch, 64]{scale 0.02, 0..255}}. */
  @Override
  public String toString() {
    return name + ": " + type + shape + (grid == null ? "" : grid);
  }
}
