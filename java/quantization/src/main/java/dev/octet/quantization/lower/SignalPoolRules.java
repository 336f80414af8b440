// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Pools of signals [N, C, L] as of images of a single line, and greatest values of parts. */
final class SignalPoolRules {
  private SignalPoolRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put(
        "aten::max_pool1d",
        call ->
            max(
                call,
                call.integers(1, 1)[0],
                stride(call),
                call.integers(3, 1)[0],
                call.integers(4, 1)[0],
                call.flag(5)));
    rules.put(
        "aten::avg_pool1d",
        call ->
            average(
                call,
                call.integers(1, 1)[0],
                stride(call),
                call.integers(3, 1)[0],
                call.flag(4),
                call.flag(5)));
    rules.put("aten::adaptive_avg_pool1d", SignalPoolRules::adaptiveAverage);
    rules.put("aten::adaptive_max_pool1d", call -> first(adaptiveMax(call)));
    rules.put("aten::adaptive_max_pool2d", call -> first(adaptiveMax(call)));
  }

  /** Values, of operators that return the places, too; whoever takes these gets an error. */
  private static List<Object> first(DraftValue values) {
    List<Object> results = new ArrayList<>();
    results.add(values);
    results.add(null);
    return results;
  }

  private static long stride(Call call) {
    boolean asKernel = call.isNone(2) || call.argument(2) instanceof List<?> l && l.isEmpty();
    return call.integers(asKernel ? 1 : 2, 1)[0];
  }

  private static DraftValue lines(Call call) {
    DraftValue x = call.real(0);
    if (x.sizes().rank() != 3) {
      throw new UnsupportedOperator(
          "its input has " + x.sizes().rank() + " dimensions; programs take [N, C, L]");
    }
    Sizes sizes = x.sizes().replaced(2, 2, ComposedRules.ones(call));
    return ShapeRules.reshape(call, x, call.name() + "_lines", sizes);
  }

  /** Pools lines, and makes signals of them again. */
  private static DraftValue pooled(
      Call call, DraftOperation operation, ElementType type, Grid grid) {
    operation.set("x_layout", "nchw").set("out_layout", "nchw");
    Sizes sizes = call.sizes().replaced(2, 2, ComposedRules.ones(call));
    DraftValue lines = call.finish(operation, call.name() + "_pooled", type, grid, sizes);
    return ShapeRules.reshape(call, lines, call.name(), call.sizes());
  }

  private static DraftOperation windows(
      Call call, String kind, DraftValue lines, long kernel, long stride, long padding) {
    return call.operation(kind)
        .input("x", lines)
        .set("kernel", new long[] {1, kernel})
        .set("stride", new long[] {1, stride})
        .set("padding", new long[] {0, padding, 0, padding});
  }

  /** Lowers the greatest value of each window; it keeps grids. */
  static DraftValue max(
      Call call, long kernel, long stride, long padding, long dilation, boolean ceil) {
    DraftValue x = lines(call);
    DraftOperation operation =
        windows(call, "max_pool2d", x, kernel, stride, padding)
            .set("dilation", new long[] {1, dilation})
            .set("ceil_mode", ceil);
    return pooled(call, operation, x.type(), x.grid());
  }

  /** Lowers the mean of each window. */
  static DraftValue average(
      Call call, long kernel, long stride, long padding, boolean ceil, boolean countsPadding) {
    DraftOperation operation =
        windows(call, "avg_pool2d", lines(call), kernel, stride, padding)
            .set("ceil_mode", ceil)
            .set("count_include_pad", countsPadding)
            .set("divisor", 0L);
    return pooled(call, operation, ElementType.F32, null);
  }

  /** Lowers the means of windows that follow from the sizes. */
  static DraftValue adaptiveAverage(Call call) {
    DraftValue x = lines(call);
    Extent size = call.sizes().get(2);
    // A size that is not fixed is that of the input, for which programs say 0.
    long wanted = size.isFixed() ? size.value() : 0;
    DraftOperation operation =
        call.operation("adaptive_avg_pool2d").input("x", x).set("size", new long[] {1, wanted});
    return pooled(call, operation, ElementType.F32, null);
  }

  /** Lowers the greatest values of parts of equal size. */
  static DraftValue adaptiveMax(Call call) {
    DraftValue x = call.real(0);
    Sizes to = firstSizes(call);
    int rank = x.sizes().rank();
    if (rank != to.rank() || rank < 3) {
      throw new UnsupportedOperator("its input has " + rank + " dimensions and no batch");
    }
    boolean whole = true;
    for (int i = 2; i < rank; i++) {
      whole &= to.get(i).is(1);
    }
    boolean fixed = rank == 4 && x.sizes().get(2).isFixed() && x.sizes().get(3).isFixed();
    if (whole && !fixed) {
      long[] dims = rank == 3 ? new long[] {2} : new long[] {2, 3};
      DraftOperation reduce =
          call.operation("reduce")
              .input("x", x)
              .set("reduction", "max")
              .set("dims", dims)
              .set("keep_dims", true);
      return call.finish(reduce, call.name(), ElementType.F32, null, to);
    }
    if (!fixed) {
      throw new UnsupportedOperator(
          "its input has sizes that change, " + x.sizes(), "lower with the size fixed");
    }
    long[] kernel = new long[2];
    for (int i = 0; i < 2; i++) {
      long from = x.sizes().get(2 + i).value();
      long parts = to.get(2 + i).value();
      if (from % parts != 0) {
        throw new UnsupportedOperator(
            "it makes " + parts + " parts of " + from + " places; expected parts of equal size");
      }
      kernel[i] = from / parts;
    }
    DraftOperation operation =
        call.operation("max_pool2d")
            .input("x", x)
            .set("kernel", kernel)
            .set("stride", kernel.clone())
            .set("padding", new long[4])
            .set("dilation", new long[] {1, 1})
            .set("ceil_mode", false)
            .set("x_layout", "nchw")
            .set("out_layout", "nchw");
    return call.finish(operation, call.name(), x.type(), x.grid(), to);
  }

  /** The sizes of the result, or of the first of several. */
  private static Sizes firstSizes(Call call) {
    return call.recorded().get(0) instanceof List<?> ? call.sizes(0) : call.sizes();
  }
}
