// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Greatest elements and their places, and elements at places that are given. */
final class ChoiceRules {
  private ChoiceRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::max", call -> extreme(call, "max"));
    rules.put("aten::min", call -> extreme(call, "min"));
    rules.put("aten::argmax", call -> placeOf(call, false));
    rules.put("aten::argmin", call -> placeOf(call, true));
    rules.put("aten::index", ChoiceRules::index);
  }

  /** Of two tensors, over everything, or along a dimension: values and their places. */
  private static Object extreme(Call call, String function) {
    if (!(call.recorded().get(0) instanceof List<?>)) {
      return call.argument(1) instanceof DraftValue || call.argument(1) instanceof ConstantTensor
          ? two(call, function)
          : all(call, function);
    }
    boolean whole = call.isWhole(0);
    DraftValue x = whole ? call.whole(call.argument(0)) : call.real(0);
    long axis = Call.dimension(call.integer(1), x.sizes().rank());
    boolean keeps = call.flag(2);
    if (whole && x != call.argument(0)) {
      throw new UnsupportedOperator(
          "its values are not of 64 bits", "convert its input: to(torch.long)");
    }
    DraftValue values =
        call.finish(
            call.operation("reduce")
                .input("x", x)
                .set("reduction", function)
                .set("dims", new long[] {axis})
                .set("keep_dims", keeps),
            call.name() + "_values",
            whole ? ElementType.I64 : ElementType.F32,
            null,
            call.sizes(0));
    DraftValue turned = function.equals("max") ? x : turned(call, x);
    return List.of(
        values, places(call, turned, axis, keeps, call.name() + "_places", call.sizes(1)));
  }

  private static DraftValue two(Call call, String function) {
    return call.isWhole()
        ? call.finishWhole(
            IntegerRules.binary(
                call, function, call.whole(call.argument(0)), call.whole(call.argument(1))))
        : call.finish(ComposedRules.binary(call, function, call.real(0), call.real(1)));
  }

  /** Returns a value whose order is the opposite one: -x, of whole numbers -1 - x. */
  private static DraftValue turned(Call call, DraftValue x) {
    if (x.type() != ElementType.I64) {
      return ComposedRules.step(call, ComposedRules.unary(call, "neg", x), "negative", x.sizes());
    }
    return call.finish(
        IntegerRules.binary(call, "sub", call.whole(-1L), x),
        call.name() + "_turned",
        ElementType.I64,
        null,
        x.sizes());
  }

  private static DraftValue all(Call call, String function) {
    DraftValue x = call.isWhole() ? call.whole(call.argument(0)) : call.real(0);
    long[] dims = new long[x.sizes().rank()];
    Arrays.setAll(dims, i -> i);
    DraftOperation operation =
        call.operation("reduce")
            .input("x", x)
            .set("reduction", function)
            .set("dims", dims)
            .set("keep_dims", false);
    return call.isWhole() ? call.finishWhole(operation) : call.finish(operation);
  }

  private static DraftValue places(
      Call call, DraftValue x, long axis, boolean keeps, String name, Sizes sizes) {
    DraftOperation operation =
        call.operation("argmax").input("x", x).set("axis", axis).set("keep_dims", keeps);
    return call.finish(operation, name, ElementType.I64, null, sizes);
  }

  private static DraftValue placeOf(Call call, boolean least) {
    DraftValue x = call.isWhole(0) ? call.whole(call.argument(0)) : call.real(0);
    int rank = x.sizes().rank();
    if (call.isNone(1)) {
      if (rank > 1) {
        throw new UnsupportedOperator("it looks at all elements as one row", "name the dimension");
      }
    }
    long axis = call.isNone(1) ? 0 : Call.dimension(call.integer(1), rank);
    DraftValue of = least ? turned(call, x) : x;
    return places(call, of, axis, call.flag(2), call.name(), call.sizes());
  }

  /** x[..., i, j, ...] with tensors at places that follow each other. */
  private static DraftValue index(Call call) {
    DraftValue x = call.real(0);
    List<?> indices = call.list(1);
    int first = 0;
    while (first < indices.size() && indices.get(first) == null) {
      first++;
    }
    int last = indices.size() - 1;
    while (last > first && indices.get(last) == null) {
      last--;
    }
    List<?> given = indices.subList(first, last + 1);
    for (Object index : given) {
      requireIndices(call, index);
    }
    boolean constant = given.stream().allMatch(ConstantTensor.class::isInstance);
    for (int i = first; i <= last; i++) {
      constant &= x.sizes().get(i).isFixed();
    }
    if (!constant && given.size() == 1) {
      return taken(call, x, first, call.value(given.get(0)), true);
    }
    return indexSeveral(call, x, given, first, constant);
  }

  private static void requireIndices(Call call, Object index) {
    if (index == null) {
      throw new UnsupportedOperator(
          "it takes elements at places of dimensions that do not follow each other");
    }
    ElementType type = call.value(index).type();
    if (type == ElementType.BOOL || type == ElementType.U8) {
      throw MaskRules.chosenByMask();
    }
    if (type != ElementType.I64 && type != ElementType.S32) {
      throw new UnsupportedOperator("its indices are " + type + "; expected s32 or i64");
    }
  }

  /** Joins dimensions, and numbers their elements; constant: indices and sizes are. */
  private static DraftValue indexSeveral(
      Call call, DraftValue x, List<?> indices, int first, boolean constant) {
    int end = first + indices.size();
    long[] counts = new long[call.runs()];
    Arrays.fill(counts, 1);
    for (int i = first; i < end; i++) {
      for (int run = 0; run < counts.length; run++) {
        counts[run] *= x.sizes().get(i).run(run);
      }
    }
    Sizes joined = x.sizes().replaced(first, end, Extent.of(counts));
    DraftValue rows = ShapeRules.reshape(call, x, call.name() + "_joined", joined);
    if (!constant) {
      return taken(call, rows, first, numbered(call, x, indices, first), false);
    }
    try (Tensor numbers = numbers(x, indices, first)) {
      DraftValue places = call.constants().plain(call.name() + ".places", numbers, call.runs());
      return taken(call, rows, first, places, false);
    }
  }

  /** Numbers elements at computed places, each of which is within its dimension. */
  private static DraftValue numbered(Call call, DraftValue x, List<?> indices, int first) {
    DraftValue number = null;
    for (int i = 0; i < indices.size(); i++) {
      Extent size = x.sizes().get(first + i);
      DraftValue place = within(call, call.value(indices.get(i)), size, i);
      if (number == null) {
        number = place;
        continue;
      }
      String name = call.name() + "_number" + i;
      DraftValue rows =
          call.finish(
              IntegerRules.binary(call, "mul", number, call.whole(size)),
              name + "_rows",
              ElementType.I64,
              null,
              number.sizes());
      number =
          call.finish(
              IntegerRules.binary(call, "add", rows, place),
              name,
              ElementType.I64,
              null,
              broadcast(call, rows.sizes(), place.sizes()));
    }
    return number;
  }

  private static Sizes broadcast(Call call, Sizes a, Sizes b) {
    Sizes longer = a.rank() >= b.rank() ? a : b;
    Sizes shorter = longer == a ? b : a;
    Extent[] extents = new Extent[longer.rank()];
    for (int i = 0; i < extents.length; i++) {
      int place = i - longer.rank() + shorter.rank();
      extents[i] = longer.get(i);
      if (place >= 0 && longer.get(i).is(1)) {
        extents[i] = shorter.get(place);
      }
    }
    return Sizes.fixed(call.runs()).replaced(0, 0, extents);
  }

  /**
   * Counts places below 0 from the end. They are looked up in a table of places, so that one
   * outside of the dimension is an error, and not a place in another row.
   */
  private static DraftValue within(Call call, DraftValue place, Extent size, int number) {
    String name = call.name() + "_place" + number;
    DraftValue table = call.real(call.places(size));
    DraftValue checked =
        call.finish(
            call.operation("gather").input("x", table).input("indices", place).set("wrap", true),
            name,
            ElementType.F32,
            null,
            place.sizes());
    return call.finish(
        call.operation("cast").input("x", checked),
        name + "_whole",
        ElementType.I64,
        null,
        place.sizes());
  }

  private static Tensor numbers(DraftValue x, List<?> indices, int first) {
    Tensor numbers = torch.zeros(1).to(ScalarType.Long).squeeze();
    for (int i = 0; i < indices.size(); i++) {
      Tensor given = ((ConstantTensor) indices.get(i)).tensor();
      long size = x.sizes().get(first + i).value();
      try (Tensor before = numbers;
          Scalar factor = new Scalar(size);
          Tensor place = given.remainder(factor);
          Tensor scaled = before.mul(factor)) {
        numbers = scaled.add(place);
      }
    }
    return numbers;
  }

  /** Takes slices along a dimension, in whose place the dimensions of the indices are. */
  private static DraftValue taken(
      Call call, DraftValue x, int axis, DraftValue places, boolean wraps) {
    int rank = x.sizes().rank();
    int width = places.sizes().rank();
    long[] order = new long[rank];
    for (int i = 0; i < rank; i++) {
      order[i] = i == 0 ? axis : i <= axis ? i - 1 : i;
    }
    DraftValue front = ShapeRules.transpose(call, x, order, call.name() + "_in");
    Extent[] extents = new Extent[width];
    Arrays.setAll(extents, places.sizes()::get);
    DraftOperation gather = call.operation("gather").input("x", front).input("indices", places);
    if (wraps) {
      gather.set("wrap", true);
    }
    DraftValue gathered =
        call.finish(
            gather,
            call.name() + "_taken",
            x.type(),
            x.grid(),
            front.sizes().replaced(0, 1, extents));
    long[] back = new long[rank - 1 + width];
    for (int i = 0; i < back.length; i++) {
      back[i] = i < axis ? width + i : i < axis + width ? i - axis : i;
    }
    return ShapeRules.transpose(call, gathered, back, call.name());
  }
}
