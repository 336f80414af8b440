// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongArrayRef;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Images of other sizes. To repeat pixels a whole number of times is a move; everything else is a
 * product with two matrices, one for lines and one for columns, that torch itself is asked for.
 */
final class ResizeRules {
  private ResizeRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::upsample_nearest2d", call -> repeat(call, x -> nearest(call, x)));
    rules.put("aten::upsample_bilinear2d", call -> resize(call, x -> bilinear(call, x)));
  }

  private static long[] size(Call call) {
    Sizes sizes = call.sizes();
    if (!sizes.get(2).isFixed() || !sizes.get(3).isFixed()) {
      throw new UnsupportedOperator(
          "it makes images of a size that changes, " + sizes, "lower with the size fixed");
    }
    return new long[] {sizes.get(2).value(), sizes.get(3).value()};
  }

  /** Scales that are given change where the pixels of the result lie. */
  private static void requireNoOddScale(Call call, int first) {
    for (int i = first; i < call.arguments().size(); i++) {
      if (call.isNone(i)) {
        continue;
      }
      Object scales = call.argument(i);
      double scale =
          scales instanceof List<?> list ? ((Number) list.get(0)).doubleValue() : call.number(i);
      if (scale != Math.rint(scale)) {
        throw new UnsupportedOperator(
            "its scale is " + scale + "; expected a whole number, or a size");
      }
    }
  }

  private static Tensor nearest(Call call, Tensor line) {
    requireNoOddScale(call, 2);
    try (LongVector numbers = new LongVector(size(call));
        LongArrayRef size = new LongArrayRef(numbers);
        DoubleOptional none = new DoubleOptional()) {
      return torch.upsample_nearest2d(line, size, none, none);
    }
  }

  private static Tensor bilinear(Call call, Tensor line) {
    requireNoOddScale(call, 3);
    try (LongVector numbers = new LongVector(size(call));
        LongArrayRef size = new LongArrayRef(numbers);
        DoubleOptional none = new DoubleOptional()) {
      return torch.upsample_bilinear2d(line, size, call.flag(2), none, none);
    }
  }

  /** Repeats pixels; by a whole factor without a product, and codes keep their grid. */
  static DraftValue repeat(Call call, UnaryOperator<Tensor> resize) {
    DraftValue x = call.value(0);
    Sizes sizes = x.sizes();
    long[] size = size(call);
    long height = sizes.get(2).value();
    long width = sizes.get(3).value();
    if (size[0] % height != 0 || size[1] % width != 0) {
      return resize(call, resize);
    }
    Extent one = extent(call, 1);
    Sizes apart = sizes.replaced(2, 4, sizes.get(2), one, sizes.get(3), one);
    DraftValue split = ShapeRules.reshape(call, x, call.name() + "_apart", apart);
    Extent down = extent(call, size[0] / height);
    Extent across = extent(call, size[1] / width);
    Sizes repeated = sizes.replaced(2, 4, sizes.get(2), down, sizes.get(3), across);
    long[] wanted = new long[6];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = repeated.get(i).isFixed() ? repeated.get(i).value() : -1;
    }
    DraftValue more =
        call.finish(
            call.operation("expand").input("x", split).set("sizes", wanted),
            call.name() + "_repeated",
            x.type(),
            x.grid(),
            repeated);
    return ShapeRules.reshape(call, more, call.name(), call.sizes());
  }

  private static Extent extent(Call call, long number) {
    long[] all = new long[call.runs()];
    Arrays.fill(all, number);
    return Extent.of(all);
  }

  /** Multiplies by what the operator makes of each line and each column alone. */
  static DraftValue resize(Call call, UnaryOperator<Tensor> resize) {
    DraftValue x = call.floats(call.argument(0));
    Sizes sizes = x.sizes();
    long[] size = size(call);
    try (Tensor lines = torch.eye(sizes.get(2).value());
        Tensor columns = torch.eye(sizes.get(3).value());
        Tensor linesAlone = lines.unsqueeze(1).unsqueeze(3);
        Tensor columnsAlone = columns.unsqueeze(1).unsqueeze(2);
        Tensor tall = resize.apply(linesAlone);
        Tensor wide = resize.apply(columnsAlone);
        Tensor vertical = tall.select(3, 0).select(1, 0).t().contiguous();
        Tensor horizontal = wide.select(2, 0).select(1, 0).t().contiguous()) {
      String name = call.name();
      DraftValue left = call.constants().plain(name + ".vertical", vertical, call.runs());
      DraftValue right = call.constants().plain(name + ".horizontal", horizontal, call.runs());
      DraftValue across =
          call.finish(
              call.operation("matmul").input("a", x).input("b", right).set("transpose_b", true),
              name + "_across",
              ElementType.F32,
              null,
              sizes.replaced(3, 4, extent(call, size[1])));
      return call.finish(
          call.operation("matmul").input("a", left).input("b", across).set("transpose_b", false));
    }
  }
}
