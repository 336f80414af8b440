// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Operators that move elements, and keep their type and grid. */
final class ShapeRules {
  private ShapeRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    for (String name :
        List.of(
            "view",
            "reshape",
            "flatten",
            "unflatten",
            "unsqueeze",
            "squeeze",
            "view_as",
            "reshape_as",
            "_unsafe_view")) {
      rules.put("aten::" + name, call -> reshape(call, call.value(0), call.name(), call.sizes()));
    }
    rules.put("aten::permute", ShapeRules::permute);
    for (String name : List.of("transpose", "swapaxes", "swapdims")) {
      rules.put("aten::" + name, ShapeRules::transpose);
    }
    rules.put("aten::t", call -> transpose(call, call.value(0), turn(call), call.name()));
    rules.put("aten::slice", ShapeRules::slice);
    rules.put("aten::narrow", ShapeRules::narrow);
    rules.put("aten::select", ShapeRules::select);
    rules.put("aten::expand", call -> expand(call, call.value(0)));
    rules.put("aten::expand_as", call -> expand(call, call.value(0)));
    rules.put("aten::broadcast_to", call -> expand(call, call.value(0)));
    rules.put("aten::repeat", ShapeRules::repeat);
    rules.put("aten::tile", ShapeRules::repeat);
    rules.put("aten::cat", ShapeRules::cat);
    rules.put("aten::stack", ShapeRules::stack);
    rules.put("aten::chunk", ShapeRules::pieces);
    rules.put("aten::split", ShapeRules::pieces);
    rules.put("aten::split_with_sizes", ShapeRules::pieces);
    rules.put("aten::unbind", ShapeRules::unbind);
  }

  private static long[] turn(Call call) {
    return call.sizes().rank() == 2 ? new long[] {1, 0} : new long[] {0};
  }

  /** Gives a value other sizes; nothing is moved. */
  static DraftValue reshape(Call call, DraftValue x, String name, Sizes sizes) {
    return x.sizes().equals(sizes) ? x : ReshapeSteps.apply(call, x, name, sizes);
  }

  static DraftValue moved(
      Call call, DraftOperation operation, DraftValue x, String name, Sizes sizes) {
    return call.finish(operation, name, x.type(), x.grid(), sizes);
  }

  private static DraftValue permute(Call call) {
    long[] order = call.integers(1, 0);
    for (int i = 0; i < order.length; i++) {
      order[i] = Call.dimension(order[i], order.length);
    }
    return transpose(call, call.value(0), order, call.name());
  }

  private static DraftValue transpose(Call call) {
    int rank = call.sizes().rank();
    long[] order = new long[rank];
    Arrays.setAll(order, i -> i);
    int a = Call.dimension(call.integer(1), rank);
    int b = Call.dimension(call.integer(2), rank);
    order[a] = b;
    order[b] = a;
    return transpose(call, call.value(0), order, call.name());
  }

  /** Changes the order of dimensions. */
  static DraftValue transpose(Call call, DraftValue x, long[] order, String name) {
    boolean same = true;
    Extent[] extents = new Extent[order.length];
    for (int i = 0; i < order.length; i++) {
      same &= order[i] == i;
      extents[i] = x.sizes().get((int) order[i]);
    }
    if (same) {
      return x;
    }
    Sizes sizes = x.sizes().replaced(0, order.length, extents);
    return moved(
        call, call.operation("transpose").input("x", x).set("order", order), x, name, sizes);
  }

  private static DraftValue slice(Call call) {
    DraftValue x = call.value(0);
    int axis = Call.dimension(call.integer(1, 0), x.sizes().rank());
    if (call.sizes().equals(x.sizes()) && call.integer(4, 1) == 1) {
      return x;
    }
    Extent start = call.isNone(2) ? null : call.extent(call.argument(2));
    Extent end = call.isNone(3) ? null : call.extent(call.argument(3));
    return slice(call, x, axis, start, end, call.integer(4, 1), call.name(), call.sizes());
  }

  private static DraftValue narrow(Call call) {
    DraftValue x = call.value(0);
    int axis = Call.dimension(call.integer(1), x.sizes().rank());
    Extent start = call.extent(call.argument(2));
    Extent length = call.extent(call.argument(3));
    if (call.sizes().equals(x.sizes())) {
      return x;
    }
    return slice(call, x, axis, start, start.plus(length), 1, call.name(), call.sizes());
  }

  /** Takes a part along a dimension; null: from the first, to the last. */
  private static DraftValue slice(
      Call call,
      DraftValue x,
      int axis,
      Extent start,
      Extent end,
      long step,
      String name,
      Sizes sizes) {
    if (start != null && !start.isFixed()) {
      return last(call, x, axis, start, end, step, name, sizes);
    }
    boolean follows = end != null && !end.isFixed() && !end.equals(x.sizes().get(axis));
    DraftOperation operation =
        follows ? followSize(call, end) : call.operation("slice").set("step", step);
    operation.input("x", x).set("axis", (long) axis);
    if (follows && (step != 1 || start != null && start.value() != 0)) {
      throw new UnsupportedOperator("it ends at a size and does not take all before: " + end);
    }
    if (start != null && !follows) {
      operation.set("start", start.value());
    }
    if (end != null && end.isFixed()) {
      operation.set("end", end.value());
    }
    return moved(call, operation, x, name, sizes);
  }

  /** Takes what lies before the end, from an index on that follows from sizes. */
  private static DraftValue last(
      Call call,
      DraftValue x,
      int axis,
      Extent start,
      Extent end,
      long step,
      String name,
      Sizes sizes) {
    Extent taken = sizes.get(axis);
    Extent before = start.plus(taken);
    boolean toTheEnd = before.equals(x.sizes().get(axis));
    if (step != 1 || !toTheEnd && !before.equals(end)) {
      throw new UnsupportedOperator(
          "it begins at an index that follows from sizes, " + start + ", and takes " + taken);
    }
    DraftValue whole =
        toTheEnd
            ? x
            : slice(
                call,
                x,
                axis,
                null,
                before,
                1,
                name + "_before",
                x.sizes().replaced(axis, axis + 1, before));
    DraftOperation operation =
        taken.isFixed()
            ? call.operation("slice").set("start", -taken.value())
            : followSize(call, taken).set("last", true);
    return moved(call, operation.input("x", whole).set("axis", (long) axis), whole, name, sizes);
  }

  /** Lets a slice end where a dimension of another value ends. */
  static DraftOperation followSize(Call call, Extent end) {
    for (DraftValue candidate : call.draft().values()) {
      for (int i = 0; i < candidate.sizes().rank(); i++) {
        if (candidate.sizes().get(i).equals(end)) {
          return call.operation("slice").input("like", candidate).set("like_axis", (long) i);
        }
      }
    }
    throw new UnsupportedOperator(
        "it ends at an index that follows from sizes, " + end + ", and is none of them");
  }

  private static DraftValue select(Call call) {
    DraftValue x = call.value(0);
    int axis = Call.dimension(call.integer(1), x.sizes().rank());
    return take(call, x, axis, call.integer(2), call.name());
  }

  /** Takes one index of a dimension, which is dropped. */
  private static DraftValue take(Call call, DraftValue x, int axis, long index, String name) {
    Sizes kept = x.sizes().replaced(axis, axis + 1, ones(call));
    DraftOperation one =
        call.operation("slice")
            .input("x", x)
            .set("axis", (long) axis)
            .set("start", index)
            .set("end", index == -1 ? Long.MAX_VALUE : index + 1);
    DraftValue row = moved(call, one, x, name + "_row", kept);
    return drop(call, row, axis, name);
  }

  static Extent ones(Call call) {
    long[] ones = new long[call.runs()];
    Arrays.fill(ones, 1);
    return Extent.of(ones);
  }

  /**
   * Drops a dimension of size 1: sizes before it stay in place, those after it must be worked out.
   */
  private static DraftValue drop(Call call, DraftValue x, int axis, String name) {
    Sizes sizes = x.sizes().replaced(axis, axis + 1);
    int changing = 0;
    for (int i = axis; i < sizes.rank(); i++) {
      changing += sizes.get(i).isFixed() || sizes.get(i).equals(x.sizes().get(i)) ? 0 : 1;
    }
    if (changing <= 1) {
      return reshape(call, x, name, sizes);
    }
    // Sizes keep their places if the dimension is the last one when it is dropped.
    int rank = x.sizes().rank();
    long[] order = new long[rank];
    for (int i = 0; i < rank - 1; i++) {
      order[i] = i < axis ? i : i + 1;
    }
    order[rank - 1] = axis;
    return reshape(call, transpose(call, x, order, name + "_last"), name, sizes);
  }

  private static DraftValue expand(Call call, DraftValue x) {
    Sizes sizes = call.sizes();
    if (x.sizes().equals(sizes)) {
      return x;
    }
    return ExpandSteps.apply(call, x, call.name(), sizes);
  }

  private static DraftValue repeat(Call call) {
    DraftValue x = call.value(0);
    List<?> times = call.list(1);
    for (int i = 0; i < times.size(); i++) {
      int place = i - times.size() + x.sizes().rank();
      boolean broadcasts = place < 0 || x.sizes().get(place).is(1);
      if (!broadcasts && !call.extent(times.get(i)).is(1)) {
        throw new UnsupportedOperator("it repeats a dimension that has more than one element");
      }
    }
    return expand(call, x);
  }

  private static DraftValue cat(Call call) {
    List<DraftValue> parts = new ArrayList<>();
    call.list(0).forEach(part -> parts.add(call.value(part)));
    return concat(call, parts, Call.dimension(call.integer(1, 0), call.sizes().rank()));
  }

  static DraftValue concat(Call call, List<DraftValue> parts, int axis) {
    parts.removeIf(part -> part.sizes().rank() == 1 && part.sizes().get(0).is(0));
    DraftValue first = parts.get(0);
    boolean same =
        parts.stream()
            .allMatch(
                part -> part.type() == first.type() && Objects.equals(part.grid(), first.grid()));
    DraftOperation operation = call.operation("concat").set("axis", (long) axis);
    for (int i = 0; i < parts.size(); i++) {
      operation.input("x" + i, same ? parts.get(i) : call.real(parts.get(i)));
    }
    ElementType type = same ? first.type() : ElementType.F32;
    Grid grid = same ? first.grid() : null;
    return call.finish(operation, type, grid);
  }

  private static DraftValue stack(Call call) {
    int axis = Call.dimension(call.integer(1, 0), call.sizes().rank());
    List<DraftValue> parts = new ArrayList<>();
    for (Object part : call.list(0)) {
      DraftValue x = call.value(part);
      Sizes sizes = x.sizes().replaced(axis, axis, ones(call));
      parts.add(reshape(call, x, x.name() + "_unsqueezed", sizes));
    }
    return concat(call, parts, axis);
  }

  /** Cuts a value into parts along a dimension, at places that don't follow from sizes. */
  private static List<DraftValue> pieces(Call call) {
    DraftValue x = call.value(0);
    int axis = Call.dimension(call.integer(2, 0), x.sizes().rank());
    int count = ((List<?>) call.recorded().get(0)).size();
    List<DraftValue> pieces = new ArrayList<>();
    long start = 0;
    for (int i = 0; i < count; i++) {
      Sizes sizes = call.sizes(i);
      Extent size = sizes.get(axis);
      if (!size.isFixed()) {
        throw new UnsupportedOperator("its parts have sizes that change, " + size);
      }
      long[] from = new long[call.runs()];
      Arrays.fill(from, start);
      long[] to = new long[call.runs()];
      Arrays.fill(to, start + size.value());
      String name = call.name() + "_" + i;
      pieces.add(slice(call, x, axis, Extent.of(from), Extent.of(to), 1, name, sizes));
      start += size.value();
    }
    return pieces;
  }

  private static List<DraftValue> unbind(Call call) {
    DraftValue x = call.value(0);
    int axis = Call.dimension(call.integer(1, 0), x.sizes().rank());
    List<DraftValue> items = new ArrayList<>();
    for (long i = 0; i < x.sizes().get(axis).value(); i++) {
      items.add(take(call, x, axis, i, call.name() + "_" + i));
    }
    return items;
  }
}
