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
    rules.put("aten::argmax", ChoiceRules::argmax);
    rules.put("aten::index", ChoiceRules::index);
  }

  /** Of two tensors, over everything, or along a dimension: values and their places. */
  private static Object extreme(Call call, String function) {
    if (!(call.recorded().get(0) instanceof List<?>)) {
      return call.argument(1) instanceof DraftValue || call.argument(1) instanceof ConstantTensor
          ? call.finish(ComposedRules.binary(call, function, call.real(0), call.real(1)))
          : all(call, function);
    }
    DraftValue x = call.real(0);
    long axis = Call.dimension(call.integer(1), x.sizes().rank());
    boolean keeps = call.flag(2);
    DraftValue values =
        call.finish(
            call.operation("reduce")
                .input("x", x)
                .set("reduction", function)
                .set("dims", new long[] {axis})
                .set("keep_dims", keeps),
            call.name() + "_values",
            ElementType.F32,
            null,
            call.sizes(0));
    DraftValue turned =
        function.equals("max")
            ? x
            : ComposedRules.step(call, ComposedRules.unary(call, "neg", x), "negative", x.sizes());
    return List.of(
        values, places(call, turned, axis, keeps, call.name() + "_places", call.sizes(1)));
  }

  private static DraftValue all(Call call, String function) {
    DraftValue x = call.real(0);
    long[] dims = new long[x.sizes().rank()];
    Arrays.setAll(dims, i -> i);
    return call.finish(
        call.operation("reduce")
            .input("x", x)
            .set("reduction", function)
            .set("dims", dims)
            .set("keep_dims", false));
  }

  private static DraftValue places(
      Call call, DraftValue x, long axis, boolean keeps, String name, Sizes sizes) {
    DraftOperation operation =
        call.operation("argmax").input("x", x).set("axis", axis).set("keep_dims", keeps);
    return call.finish(operation, name, ElementType.I64, null, sizes);
  }

  private static DraftValue argmax(Call call) {
    DraftValue x = call.real(0);
    if (call.isNone(1)) {
      throw new UnsupportedOperator("it looks at all elements as one row", "name the dimension");
    }
    long axis = Call.dimension(call.integer(1), x.sizes().rank());
    return places(call, x, axis, call.flag(2), call.name(), call.sizes());
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
    if (last > first) {
      return indexSeveral(call, x, indices.subList(first, last + 1), first);
    }
    if (indices.get(first) instanceof DraftValue given) {
      requireIndices(given);
      return taken(call, x, first, given);
    }
    return indexSeveral(call, x, indices.subList(first, first + 1), first);
  }

  private static void requireIndices(DraftValue indices) {
    if (indices.type() != ElementType.I64 && indices.type() != ElementType.S32) {
      throw new UnsupportedOperator(
          "its indices are "
              + indices.type()
              + "; expected s32 or i64, as how many a mask chooses"
              + " is not known");
    }
  }

  /** Joins dimensions whose indices are all constants, and numbers their elements. */
  private static DraftValue indexSeveral(Call call, DraftValue x, List<?> indices, int first) {
    int end = first + indices.size();
    long count = 1;
    for (int i = first; i < end; i++) {
      Extent size = x.sizes().get(i);
      if (!size.isFixed() || !(indices.get(i - first) instanceof ConstantTensor)) {
        throw new UnsupportedOperator(
            "it takes elements at places of several dimensions, of which one is computed or has a"
                + " size that changes; expected constants");
      }
      count *= size.value();
    }
    try (Tensor numbers = numbers(x, indices, first)) {
      DraftValue places = call.constants().plain(call.name() + ".places", numbers, call.runs());
      long[] counts = new long[call.runs()];
      Arrays.fill(counts, count);
      Sizes joined = x.sizes().replaced(first, end, Extent.of(counts));
      DraftValue rows = ShapeRules.reshape(call, x, call.name() + "_joined", joined);
      return taken(call, rows, first, places);
    }
  }

  private static Tensor numbers(DraftValue x, List<?> indices, int first) {
    Tensor numbers = torch.zeros(1).to(ScalarType.Long).squeeze();
    for (int i = 0; i < indices.size(); i++) {
      Tensor given = ((ConstantTensor) indices.get(i)).tensor();
      ScalarType type = given.scalar_type().intern();
      if (type != ScalarType.Long && type != ScalarType.Int) {
        throw new UnsupportedOperator("an index is " + type + "; expected whole numbers");
      }
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
  private static DraftValue taken(Call call, DraftValue x, int axis, DraftValue places) {
    int rank = x.sizes().rank();
    int width = places.sizes().rank();
    long[] order = new long[rank];
    for (int i = 0; i < rank; i++) {
      order[i] = i == 0 ? axis : i <= axis ? i - 1 : i;
    }
    DraftValue front = ShapeRules.transpose(call, x, order, call.name() + "_in");
    Extent[] extents = new Extent[width];
    Arrays.setAll(extents, places.sizes()::get);
    DraftValue gathered =
        call.finish(
            call.operation("gather").input("x", front).input("indices", places),
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
