// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Arrays;
import java.util.Map;

/** Sums, means and greatest values over dimensions. */
final class ReductionRules {
  private ReductionRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::mean", call -> reduce(call, "mean"));
    rules.put("aten::sum", call -> reduce(call, "sum"));
    rules.put("aten::amax", call -> reduce(call, "max"));
    rules.put("aten::amin", call -> reduce(call, "min"));
  }

  /** Returns the dimensions that argument 1 names, in order; all where it names none. */
  static long[] dims(Call call, int rank) {
    boolean all = call.isNone(1) || call.argument(1) instanceof Extent;
    long[] dims = all ? new long[0] : call.integers(1, 1);
    if (dims.length == 0) {
      dims = new long[rank];
      Arrays.setAll(dims, i -> i);
    }
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Call.dimension(dims[i], rank);
    }
    Arrays.sort(dims);
    return dims;
  }

  private static DraftValue reduce(Call call, String reduction) {
    boolean whole = call.isWhole() && call.isWhole(0);
    DraftValue x = whole ? call.whole(call.argument(0)) : call.real(0);
    int rank = x.sizes().rank();
    long[] dims = dims(call, rank);
    boolean keep = call.sizes().rank() == rank;
    if (reduction.equals("mean") && rank == 4 && Arrays.equals(dims, new long[] {2, 3})) {
      // Images, of which pools read any layout.
      String name = keep ? call.name() : call.name() + "_pooled";
      return ShapeRules.reshape(call, PoolRules.mean(call, x, name), call.name(), call.sizes());
    }
    DraftOperation operation =
        call.operation("reduce")
            .input("x", x)
            .set("reduction", reduction)
            .set("dims", dims)
            .set("keep_dims", keep);
    return whole ? call.finishWhole(operation) : call.finish(operation);
  }
}
