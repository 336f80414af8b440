// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
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
          return average(
              call,
              call.integers(1, 2),
              stride(call),
              call.integers(3, 2),
              call.flag(4),
              call.flag(5),
              call.integer(6, 0));
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
    return layouts(call.operation(kind).input("x", x))
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

  /**
   * Lowers the mean of each window.
   *
   * @param divisor what sums are divided by; 0: the number of elements
   */
  static DraftValue average(
      Call call,
      long[] kernel,
      long[] stride,
      long[] padding,
      boolean ceil,
      boolean countsPadding,
      long divisor) {
    if (divisor < 0) {
      throw new UnsupportedOperator(
          "its divisor_override is " + divisor + "; programs divide by positive numbers");
    }
    return call.finish(
        windows(call, "avg_pool2d", images(call), kernel, stride, padding)
            .set("ceil_mode", ceil)
            .set("count_include_pad", countsPadding)
            .set("divisor", divisor));
  }

  /** Lowers the means of windows that follow from the sizes. */
  static DraftValue adaptiveAverage(Call call) {
    DraftValue x = images(call);
    long[] size = new long[2];
    for (int i = 0; i < 2; i++) {
      Extent extent = call.sizes().get(2 + i);
      // A size that is not fixed is that of the input, for which programs say 0.
      size[i] = extent.equals(x.sizes().get(2 + i)) && !extent.isFixed() ? 0 : extent.value();
    }
    return call.finish(
        layouts(call.operation("adaptive_avg_pool2d").input("x", x)).set("size", size));
  }

  /** Lowers the mean of images over height and width, which stay with sizes of 1. */
  static DraftValue mean(Call call, DraftValue x, String name) {
    long[] ones = new long[call.runs()];
    Arrays.fill(ones, 1);
    Extent one = Extent.of(ones);
    return call.finish(
        layouts(call.operation("adaptive_avg_pool2d").input("x", x)).set("size", new long[] {1, 1}),
        name,
        ElementType.F32,
        null,
        x.sizes().replaced(2, 4, one, one));
  }

  private static DraftOperation layouts(DraftOperation operation) {
    return operation.set("x_layout", "nchw").set("out_layout", "nchw");
  }
}
