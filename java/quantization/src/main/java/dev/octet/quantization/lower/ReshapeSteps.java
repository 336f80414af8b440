// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gives values other sizes. A program works out one size that is no constant and no dimension's; a
 * change with more of them is made of several, each of neighbouring dimensions that hold the same
 * elements before and after.
 */
final class ReshapeSteps {
  private static final long SAME = 0;
  private static final long REST = -1;

  /** Dimensions from..fromEnd-1 that become to..toEnd-1. */
  private record Group(int from, int fromEnd, int to, int toEnd) {}

  private final Call call;
  private final DraftValue x;
  private final String name;
  private final Sizes sizes;

  private ReshapeSteps(Call call, DraftValue x, String name, Sizes sizes) {
    this.call = call;
    this.x = x;
    this.name = name;
    this.sizes = sizes;
  }

  /** Lowers a reshape. */
  static DraftValue apply(Call call, DraftValue x, String name, Sizes sizes) {
    ReshapeSteps steps = new ReshapeSteps(call, x, name, sizes);
    DraftOperation whole = steps.operation(x, sizes);
    return whole != null ? ShapeRules.moved(call, whole, x, name, sizes) : steps.groups();
  }

  /** Returns the operation, or null if there is more than one size to work out. */
  private DraftOperation operation(DraftValue from, Sizes to) {
    long[] wanted = new long[to.rank()];
    long[] places = new long[to.rank()];
    Arrays.fill(places, REST);
    int rests = 0;
    boolean named = false;
    for (int i = 0; i < wanted.length; i++) {
      Extent size = to.get(i);
      if (size.isFixed() && size.value() > 0) {
        wanted[i] = size.value();
      } else if (i < from.sizes().rank() && from.sizes().get(i).equals(size)) {
        wanted[i] = SAME;
      } else {
        wanted[i] = REST;
        places[i] = size.isFixed() ? REST : place(from.sizes(), size);
        named |= places[i] != REST;
        rests += places[i] == REST ? 1 : 0;
      }
    }
    if (rests > 1) {
      return null;
    }
    DraftOperation operation = call.operation("reshape").input("x", from).set("sizes", wanted);
    return named ? operation.set("from", places) : operation;
  }

  private static long place(Sizes sizes, Extent size) {
    for (int i = 0; i < sizes.rank(); i++) {
      if (sizes.get(i).equals(size)) {
        return i;
      }
    }
    return REST;
  }

  private DraftValue groups() {
    DraftValue at = x;
    int number = 0;
    for (Group group : find()) {
      // What lies before is in its new sizes already, what lies behind not yet.
      int shift = group.to() - group.from();
      Extent[] extents = new Extent[group.toEnd() - group.to()];
      Arrays.setAll(extents, i -> sizes.get(group.to() + i));
      Sizes next = at.sizes().replaced(group.from() + shift, group.fromEnd() + shift, extents);
      if (next.equals(at.sizes())) {
        continue;
      }
      DraftOperation operation = operation(at, next);
      if (operation == null) {
        throw tooMany();
      }
      boolean last = next.equals(sizes);
      at = ShapeRules.moved(call, operation, x, last ? name : name + "_" + number++, next);
    }
    return at;
  }

  private UnsupportedOperator tooMany() {
    return new UnsupportedOperator(
        "it makes "
            + sizes
            + " of "
            + x.sizes()
            + ", which has more than one size that is no constant and no dimension's;"
            + " programs can work out one",
        "keep dimensions that change apart, or lower with one of the sizes fixed");
  }

  /** Finds the shortest runs of dimensions that hold as many elements before and after. */
  private List<Group> find() {
    List<Group> groups = new ArrayList<>();
    int from = 0;
    int to = 0;
    int rank = x.sizes().rank();
    while (from < rank && to < sizes.rank()) {
      int fromEnd = from + 1;
      int toEnd = to + 1;
      while (!sameProducts(from, fromEnd, to, toEnd)) {
        boolean fewer = product(x.sizes(), from, fromEnd) <= product(sizes, to, toEnd);
        if (fewer && fromEnd < rank) {
          fromEnd++;
        } else if (toEnd < sizes.rank()) {
          toEnd++;
        } else if (fromEnd < rank) {
          fromEnd++;
        } else {
          throw tooMany();
        }
      }
      groups.add(new Group(from, fromEnd, to, toEnd));
      from = fromEnd;
      to = toEnd;
    }
    if (from < rank || to < sizes.rank()) {
      Group last = groups.remove(groups.size() - 1);
      groups.add(new Group(last.from(), rank, last.to(), sizes.rank()));
    }
    return groups;
  }

  private static long product(Sizes sizes, int from, int end) {
    return Arrays.stream(sizes.run(0), from, end).reduce(1, Math::multiplyExact);
  }

  private boolean sameProducts(int from, int fromEnd, int to, int toEnd) {
    for (int run = 0; run < call.runs(); run++) {
      long before = Arrays.stream(x.sizes().run(run), from, fromEnd).reduce(1, (a, b) -> a * b);
      long after = Arrays.stream(sizes.run(run), to, toEnd).reduce(1, (a, b) -> a * b);
      if (before != after) {
        return false;
      }
    }
    return true;
  }
}
