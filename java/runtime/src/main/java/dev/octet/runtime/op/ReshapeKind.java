// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * {@code reshape}: the same elements in another shape, without a copy. In {@code sizes} a 0 stands
 * for the size of x at the same place, and one -1 for what is left. With {@code from}, a list as
 * long, sizes are those of the dimensions of x that it names; where it has -1, they are as {@code
 * sizes} says.
 */
final class ReshapeKind extends OperationKind {
  private static final long SAME = 0;
  private static final long REST = -1;

  ReshapeKind() {
    super(
        Signature.of("reshape", 1)
            .input("x", Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.list("sizes", null, REST, Long.MAX_VALUE))
            .attribute(AttributeSpec.list("from", List.of(), REST, Shape.MAX_RANK - 1))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    Shape x = operation.shape("x");
    long[] wanted = operation.list("sizes");
    long[] from = from(operation, wanted.length, x);
    List<Dimension> sizes = new ArrayList<>();
    Dimension product = Dimension.of(1);
    int rest = -1;
    for (int i = 0; i < wanted.length; i++) {
      if (from[i] != REST) {
        Dimension size = x.get((int) from[i]);
        product = product.times(size);
        sizes.add(size);
        continue;
      }
      if (wanted[i] == REST) {
        if (rest >= 0) {
          throw operation.error("attribute 'sizes' has -1 twice; expected it once at most");
        }
        rest = i;
        sizes.add(Dimension.of(1));
        continue;
      }
      if (wanted[i] == SAME && i >= x.rank()) {
        throw operation.error("attribute 'sizes' has 0 at place " + i + ", but x has shape " + x);
      }
      Dimension size = wanted[i] == SAME ? x.get(i) : Dimension.of(wanted[i]);
      product = product.times(size);
      sizes.add(size);
    }
    if (rest >= 0) {
      boolean free = product.is(0) && x.elements().is(0);
      sizes.set(rest, free ? unnamed(x, wanted, from) : x.elements().dividedBy(product));
    } else if (x.elements().differsFrom(product)) {
      throw operation.error(
          "takes "
              + x
              + " of "
              + x.elements()
              + " elements; expected "
              + product
              + ", as many as sizes have");
    }
    return Map.of("out", Shape.of(sizes));
  }

  /** What is left of the dimensions that are not taken as they are: others may have no elements. */
  private static Dimension unnamed(Shape x, long[] wanted, long[] from) {
    boolean[] taken = new boolean[x.rank()];
    Dimension numbers = Dimension.of(1);
    for (int i = 0; i < wanted.length; i++) {
      int place = from[i] != REST ? (int) from[i] : wanted[i] == SAME ? i : -1;
      if (place < 0 && wanted[i] != REST) {
        numbers = numbers.times(Dimension.of(wanted[i]));
      } else if (place >= 0 && taken[place]) {
        return Dimension.of(0);
      } else if (place >= 0) {
        taken[place] = true;
      }
    }
    Dimension left = Dimension.of(1);
    for (int i = 0; i < taken.length; i++) {
      left = taken[i] ? left : left.times(x.get(i));
    }
    boolean known = left.isFixed() && numbers.isFixed() && !numbers.is(0);
    return known && left.value() % numbers.value() != 0 || numbers.is(0)
        ? Dimension.of(0)
        : left.dividedBy(numbers);
  }

  private static long[] from(OperationView operation, int rank, Shape x) {
    long[] from = operation.list("from");
    if (from.length == 0) {
      from = new long[rank];
      Arrays.fill(from, REST);
    }
    if (from.length != rank) {
      throw operation.error(
          "attribute 'from' has "
              + from.length
              + " entries; expected as many as 'sizes', "
              + rank
              + ", or none");
    }
    for (long dimension : from) {
      if (dimension >= x.rank()) {
        throw operation.error(
            "attribute 'from' names dimension " + dimension + ", but x has shape " + x);
      }
    }
    return from;
  }

  @Override
  public String aliasedInput() {
    return "x";
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    return null;
  }
}
