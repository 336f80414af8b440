// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.List;
import java.util.Map;

/** Pooling of images [N, C, H, W]. */
final class PoolRules {
  private PoolRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put(
        "aten::max_pool2d",
        call ->
            max(
                call,
                call.integers(1, 2),
                stride(call),
                call.integers(3, 2),
                call.integers(4, 2),
                call.flag(5)));
    rules.put(
        "aten::avg_pool2d",
        call -> {
          if (!call.isNone(6)) {
            throw new UnsupportedOperator("it has a divisor_override");
          }
          return average(
              call,
              call.integers(1, 2),
              stride(call),
              call.integers(3, 2),
              call.flag(4),
              call.flag(5));
        });
    rules.put("aten::adaptive_avg_pool2d", PoolRules::adaptiveAverage);
  }

  private static long[] stride(Call call) {
    boolean asKernel = call.isNone(2) || call.argument(2) instanceof List<?> l && l.isEmpty();
    return call.integers(asKernel ? 1 : 2, 2);
  }

  private static DraftValue images(Call call) {
    DraftValue x = call.real(0);
    if (x.sizes().rank() != 4) {
      throw new UnsupportedOperator(
          "its input has " + x.sizes().rank() + " dimensions; programs take [N, C, H, W]");
    }
    return x;
  }

  private static DraftOperation windows(
      Call call, String kind, DraftValue x, long[] kernel, long[] stride, long[] padding) {
    return call.operation(kind)
        .input("x", x)
        .set("kernel", kernel)
        .set("stride", stride)
        .set("padding", new long[] {padding[0], padding[1], padding[0], padding[1]});
  }

  /** Lowers the greatest value of each window; it keeps grids. */
  static DraftValue max(
      Call call, long[] kernel, long[] stride, long[] padding, long[] dilation, boolean ceil) {
    DraftValue x = images(call);
    DraftOperation operation =
        windows(call, "max_pool2d", x, kernel, stride, padding)
            .set("dilation", dilation)
            .set("ceil_mode", ceil);
    return call.finish(operation, x.type(), x.grid());
  }

  /** Lowers the mean of each window. */
  static DraftValue average(
      Call call,
      long[] kernel,
      long[] stride,
      long[] padding,
      boolean ceil,
      boolean countsPadding) {
    return call.finish(
        windows(call, "avg_pool2d", images(call), kernel, stride, padding)
            .set("ceil_mode", ceil)
            .set("count_include_pad", countsPadding));
  }

  /** Lowers the means of windows that follow from the sizes; of one window, a mean. */
  static DraftValue adaptiveAverage(Call call) {
    DraftValue x = images(call);
    Sizes sizes = call.sizes();
    if (sizes.get(2).is(1) && sizes.get(3).is(1)) {
      return ReductionRules.reduce(call, "mean", x, new long[] {2, 3}, true);
    }
    return call.finish(
        call.operation("adaptive_avg_pool2d")
            .input("x", x)
            .set("size", new long[] {sizes.get(2).value(), sizes.get(3).value()}));
  }
}
