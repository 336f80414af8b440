// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Other orders of elements, made of reshapes, transposes and parts that are joined. */
final class MoveRules {
  private MoveRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::channel_shuffle", call -> channelShuffle(call, call.integer(1)));
    rules.put("aten::native_channel_shuffle", call -> channelShuffle(call, call.integer(1)));
    rules.put("aten::pixel_shuffle", call -> pixelShuffle(call, call.integer(1)));
    rules.put("aten::pixel_unshuffle", call -> pixelUnshuffle(call, call.integer(1)));
    rules.put("aten::roll", MoveRules::roll);
    rules.put("aten::repeat_interleave", MoveRules::repeatInterleave);
    rules.put("aten::movedim", MoveRules::moveDimensions);
    rules.put("aten::moveaxis", MoveRules::moveDimensions);
  }

  private static Extent extent(Call call, long number) {
    long[] all = new long[call.runs()];
    Arrays.fill(all, number);
    return Extent.of(all);
  }

  private static Extent divided(Extent size, int runs, long divisor) {
    long[] quotients = new long[runs];
    for (int run = 0; run < runs; run++) {
      quotients[run] = size.run(run) / divisor;
    }
    return Extent.of(quotients);
  }

  private static Sizes images(DraftValue x) {
    if (x.sizes().rank() != 4) {
      throw new UnsupportedOperator(
          "its input has " + x.sizes().rank() + " dimensions; expected [N, C, H, W]");
    }
    return x.sizes();
  }

  /** [N, g * c, ...] as g rows of c channels, of which the columns are read. */
  private static DraftValue channelShuffle(Call call, long groups) {
    DraftValue x = call.value(0);
    Sizes sizes = x.sizes();
    Extent each = divided(sizes.get(1), call.runs(), groups);
    Sizes split = sizes.replaced(1, 2, extent(call, groups), each);
    DraftValue apart = ShapeRules.reshape(call, x, call.name() + "_groups", split);
    long[] order = new long[split.rank()];
    Arrays.setAll(order, i -> i);
    order[1] = 2;
    order[2] = 1;
    DraftValue turned = ShapeRules.transpose(call, apart, order, call.name() + "_turned");
    return ShapeRules.reshape(call, turned, call.name(), call.sizes());
  }

  /** [N, C * f * f, H, W] becomes [N, C, H * f, W * f]. */
  static DraftValue pixelShuffle(Call call, long factor) {
    DraftValue x = call.value(0);
    Sizes sizes = images(x);
    Extent times = extent(call, factor);
    Sizes split = sizes.replaced(1, 2, call.sizes().get(1), times, times);
    DraftValue apart = ShapeRules.reshape(call, x, call.name() + "_apart", split);
    long[] order = {0, 1, 4, 2, 5, 3};
    DraftValue turned = ShapeRules.transpose(call, apart, order, call.name() + "_turned");
    return ShapeRules.reshape(call, turned, call.name(), call.sizes());
  }

  /** [N, C, H * f, W * f] becomes [N, C * f * f, H, W]. */
  static DraftValue pixelUnshuffle(Call call, long factor) {
    DraftValue x = call.value(0);
    Sizes sizes = images(x);
    Extent times = extent(call, factor);
    Sizes split = sizes.replaced(2, 4, call.sizes().get(2), times, call.sizes().get(3), times);
    DraftValue apart = ShapeRules.reshape(call, x, call.name() + "_apart", split);
    long[] order = {0, 1, 3, 5, 2, 4};
    DraftValue turned = ShapeRules.transpose(call, apart, order, call.name() + "_turned");
    return ShapeRules.reshape(call, turned, call.name(), call.sizes());
  }

  /** What lies behind a place comes first, then what lies before it. */
  private static DraftValue roll(Call call) {
    DraftValue x = call.value(0);
    long[] shifts = call.integers(1, 1);
    long[] dims = call.isNone(2) ? new long[0] : call.integers(2, 1);
    if (dims.length != shifts.length) {
      throw new UnsupportedOperator("it rolls all dimensions as one", "name the dimensions");
    }
    DraftValue rolled = x;
    for (int i = 0; i < dims.length; i++) {
      int axis = Call.dimension(dims[i], x.sizes().rank());
      Extent size = x.sizes().get(axis);
      // Slices count negative places from the end: a size that changes need not be known.
      long place = size.isFixed() && size.value() > 0 ? -shifts[i] % size.value() : -shifts[i];
      if (place != 0) {
        rolled = rolled(call, rolled, axis, place, i);
      }
    }
    return rolled;
  }

  private static DraftValue rolled(Call call, DraftValue x, int axis, long place, int number) {
    long[] first = new long[call.runs()];
    long[] second = new long[call.runs()];
    for (int run = 0; run < first.length; run++) {
      long size = x.sizes().get(axis).run(run);
      if (Math.abs(place) > size) {
        throw new UnsupportedOperator(
            "it rolls a dimension of "
                + size
                + " by "
                + -place
                + "; expected no more than its size");
      }
      second[run] = place < 0 ? size + place : place;
      first[run] = size - second[run];
    }
    String name = call.name() + "_" + number;
    DraftValue end =
        ShapeRules.moved(
            call,
            call.operation("slice").input("x", x).set("axis", (long) axis).set("start", place),
            x,
            name + "_end",
            x.sizes().replaced(axis, axis + 1, Extent.of(first)));
    DraftValue start =
        ShapeRules.moved(
            call,
            call.operation("slice").input("x", x).set("axis", (long) axis).set("end", place),
            x,
            name + "_start",
            x.sizes().replaced(axis, axis + 1, Extent.of(second)));
    return ShapeRules.moved(
        call,
        call.operation("concat").input("x0", end).input("x1", start).set("axis", (long) axis),
        x,
        name,
        x.sizes());
  }

  /** Every element of a dimension as often as a number says, one after the other. */
  private static DraftValue repeatInterleave(Call call) {
    if (!call.isNumber(1) || call.isNone(2)) {
      throw new UnsupportedOperator(
          "it repeats elements by different numbers, or of no dimension; expected one number");
    }
    DraftValue x = call.value(0);
    long times = call.integer(1);
    Sizes sizes = x.sizes();
    int axis = Call.dimension(call.integer(2), sizes.rank());
    Sizes single = sizes.replaced(axis + 1, axis + 1, ones(call));
    Sizes repeated = sizes.replaced(axis + 1, axis + 1, extent(call, times));
    DraftValue apart = ShapeRules.reshape(call, x, call.name() + "_apart", single);
    long[] wanted = new long[repeated.rank()];
    Arrays.fill(wanted, -1);
    wanted[axis + 1] = times;
    DraftValue more =
        ShapeRules.moved(
            call,
            call.operation("expand").input("x", apart).set("sizes", wanted),
            x,
            call.name() + "_repeated",
            repeated);
    return ShapeRules.reshape(call, more, call.name(), call.sizes());
  }

  private static Extent ones(Call call) {
    return extent(call, 1);
  }

  private static DraftValue moveDimensions(Call call) {
    int rank = call.sizes().rank();
    long[] from = call.integers(1, 1);
    long[] to = call.integers(2, 1);
    long[] order = new long[rank];
    Arrays.fill(order, -1);
    List<Long> others = new ArrayList<>();
    for (long i = 0; i < rank; i++) {
      others.add(i);
    }
    for (int i = 0; i < from.length; i++) {
      long moved = Call.dimension(from[i], rank);
      order[Call.dimension(to[i], rank)] = moved;
      others.remove(moved);
    }
    for (int i = 0; i < rank; i++) {
      order[i] = order[i] < 0 ? others.remove(0) : order[i];
    }
    return ShapeRules.transpose(call, call.value(0), order, call.name());
  }
}
