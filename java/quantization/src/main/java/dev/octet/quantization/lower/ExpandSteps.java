// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Arrays;

/**
 * Repeats values to other sizes. Sizes that change from run to run are those of another value's
 * dimensions; where no value has all of them, they are taken one value after the other.
 */
final class ExpandSteps {
  private static final long KEEP = -1;

  private ExpandSteps() {}

  /** Lowers a repetition of dimensions of one element. */
  static DraftValue apply(Call call, DraftValue x, String name, Sizes sizes) {
    DraftValue at = x;
    for (int step = 0; !at.sizes().equals(sizes); step++) {
      DraftValue like = best(call, at, sizes);
      at = step(call, at, like, step == 0 ? name : name + "_" + step, sizes);
    }
    return at;
  }

  /**
   * Returns the value that has the most of the sizes that change and are missing; null: none do.
   */
  private static DraftValue best(Call call, DraftValue x, Sizes sizes) {
    int missing = 0;
    for (int i = 0; i < sizes.rank(); i++) {
      missing += isMissing(x, sizes, i) ? 1 : 0;
    }
    DraftValue best = null;
    int most = 0;
    for (DraftValue candidate : call.draft().values()) {
      int found = 0;
      for (int i = 0; i < sizes.rank(); i++) {
        found += isMissing(x, sizes, i) && place(candidate, sizes.get(i)) != KEEP ? 1 : 0;
      }
      if (!candidate.isConstant() && found > most) {
        best = candidate;
        most = found;
      }
    }
    if (missing > 0 && best == null) {
      throw new UnsupportedOperator(
          "it repeats "
              + x.sizes()
              + " to "
              + sizes
              + ", sizes that no other tensor of the model has");
    }
    return best;
  }

  private static boolean isMissing(DraftValue x, Sizes sizes, int dimension) {
    int place = dimension - sizes.rank() + x.sizes().rank();
    Extent size = sizes.get(dimension);
    return !size.isFixed() && (place < 0 || !x.sizes().get(place).equals(size));
  }

  private static long place(DraftValue value, Extent size) {
    for (int i = 0; i < value.sizes().rank(); i++) {
      if (value.sizes().get(i).equals(size)) {
        return i;
      }
    }
    return KEEP;
  }

  private static DraftValue step(
      Call call, DraftValue x, DraftValue like, String name, Sizes sizes) {
    int rank = sizes.rank();
    long[] wanted = new long[rank];
    long[] axes = new long[rank];
    Arrays.fill(axes, KEEP);
    Extent[] made = new Extent[rank];
    for (int i = 0; i < rank; i++) {
      int place = i - rank + x.sizes().rank();
      made[i] = sizes.get(i);
      if (made[i].isFixed()) {
        wanted[i] = made[i].value();
      } else if (!isMissing(x, sizes, i)) {
        wanted[i] = KEEP;
      } else {
        axes[i] = place(like, made[i]);
        // What another step has to repeat has one element until then.
        wanted[i] = axes[i] == KEEP ? 1 : KEEP;
        made[i] = axes[i] == KEEP ? ComposedRules.ones(call) : made[i];
      }
    }
    DraftOperation operation = call.operation("expand").input("x", x).set("sizes", wanted);
    if (like != null) {
      operation.input("like", like).set("like_axes", axes);
    }
    Sizes next = sizes.replaced(0, rank, made);
    return ShapeRules.moved(call, operation, x, name, next);
  }
}
