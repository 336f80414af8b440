// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code reshape}: the same elements in another shape, without a copy. In {@code sizes} a 0 stands
 * for the size of x at the same place, and one -1 for what is left.
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
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    Shape x = operation.shape("x");
    long[] wanted = operation.list("sizes");
    List<Dimension> sizes = new ArrayList<>();
    Dimension product = Dimension.of(1);
    int rest = -1;
    for (int i = 0; i < wanted.length; i++) {
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
      sizes.set(rest, free ? Dimension.of(0) : x.elements().dividedBy(product));
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
