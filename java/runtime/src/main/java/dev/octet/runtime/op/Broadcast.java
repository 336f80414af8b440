// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Shapes that are aligned at the last dimension; sizes of 1, and missing ones, repeat. */
final class Broadcast {
  private Broadcast() {}

  /** Returns the shape to which two are broadcast. */
  static Shape of(OperationView operation, Shape a, Shape b) {
    List<Dimension> sizes = new ArrayList<>();
    for (int i = 1; i <= Math.max(a.rank(), b.rank()); i++) {
      Dimension left = i <= a.rank() ? a.get(-i) : Dimension.of(1);
      Dimension right = i <= b.rank() ? b.get(-i) : Dimension.of(1);
      sizes.add(both(operation, left, right, a, b));
    }
    Collections.reverse(sizes);
    return Shape.of(sizes);
  }

  private static Dimension both(
      OperationView operation, Dimension left, Dimension right, Shape a, Shape b) {
    if (left.is(1) || left.equals(right)) {
      return right;
    }
    if (right.is(1)) {
      return left;
    }
    if (left.differsFrom(right)) {
      throw operation.error(
          "takes shapes "
              + a
              + " and "
              + b
              + ", which can't be broadcast: "
              + left
              + " and "
              + right
              + "; expected equal sizes, or 1");
    }
    if (left.isFixed()) {
      return left;
    }
    return right.isFixed() ? right : Dimension.opaque("max(" + left + "," + right + ")");
  }

  /** Checks that an input can be broadcast to a shape. */
  static void requireInto(OperationView operation, String role, Shape target) {
    Shape shape = operation.shape(role);
    boolean fits = shape.rank() <= target.rank();
    for (int i = 1; fits && i <= shape.rank(); i++) {
      fits = shape.get(-i).is(1) || !shape.get(-i).differsFrom(target.get(-i));
    }
    if (!fits) {
      throw operation.error(
          "input '"
              + role
              + "' has shape "
              + shape
              + "; expected one that can be broadcast to "
              + target);
    }
  }
}
