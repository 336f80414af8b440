// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.EmbeddingBagImpl;
import org.bytedeco.pytorch.EmbeddingBagMode;
import org.bytedeco.pytorch.Tensor;

/** Bags of embeddings: the sum, the mean or the greatest of some rows of a table. */
final class BagRules {
  private static final long SUM = 0;
  private static final long MEAN = 1;

  private BagRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::embedding_bag", BagRules::withOffsets);
  }

  /** Lowers a module that is called with bags of one length, i64 [bags, length]. */
  static DraftValue module(Call call, EmbeddingBagImpl module) {
    DraftValue ids = call.value(0);
    if (ids.sizes().rank() != 2 || !call.isNone(1) || !call.isNone(2)) {
      throw new UnsupportedOperator(
          "it takes offsets or weights; expected a matrix, of bags of one length",
          "call torch.nn.functional.embedding_bag, or pad bags to one length");
    }
    if (module.options().max_norm().has_value() || module.options().padding_idx().has_value()) {
      throw new UnsupportedOperator("it has a max_norm or a padding_idx");
    }
    try (Tensor weight = module.weight()) {
      Weights weights = new Weights(null, weight, call.origin().path() + ".weight");
      Sizes sizes = ids.sizes().replaced(2, 2, call.sizes().get(1));
      DraftValue rows = rows(call, ids, weights, sizes);
      return call.finish(
          call.operation("reduce")
              .input("x", rows)
              .set("reduction", reduction(module))
              .set("dims", new long[] {1})
              .set("keep_dims", false));
    }
  }

  private static String reduction(EmbeddingBagImpl module) {
    EmbeddingBagMode mode = module.options().mode();
    if (has(mode::get0)) {
      return "sum";
    }
    return has(mode::get1) ? "mean" : "max";
  }

  /** The presets don't map which alternative is set: others throw. */
  private static boolean has(Supplier<?> alternative) {
    try {
      alternative.get();
      return true;
    } catch (RuntimeException otherAlternative) {
      return false;
    }
  }

  private static DraftValue rows(Call call, DraftValue ids, Weights weights, Sizes sizes) {
    DraftOperation operation = call.operation("embedding").input("indices", ids);
    operation.input("table", weights.floats(call));
    return call.finish(operation, call.name() + "_rows", ElementType.F32, null, sizes);
  }

  /** Bags that begin at offsets: a product with the matrix that says which rows a bag has. */
  private static List<Object> withOffsets(Call call) {
    long mode = call.integer(4, SUM);
    if (mode != SUM && mode != MEAN) {
      throw new UnsupportedOperator("it takes the greatest of bags that begin at offsets");
    }
    if (call.flag(7)) {
      throw new UnsupportedOperator("its last offset is an end (include_last_offset)");
    }
    DraftValue ids = call.whole(call.argument(1));
    DraftValue offsets = call.whole(call.argument(2));
    Extent count = ids.sizes().get(0);
    Sizes result = call.sizes(0);
    Extent bags = result.get(0);
    Sizes matrix = Sizes.fixed(call.runs()).replaced(0, 0, bags, count);
    DraftValue inside = inside(call, offsets, bags, count, matrix);
    DraftValue kept = call.isNone(8) ? inside : withoutPadding(call, inside, ids, matrix);
    DraftValue has =
        call.finish(
            call.operation("cast").input("x", kept),
            call.name() + "_has",
            ElementType.F32,
            null,
            matrix);
    DraftValue factors = call.isNone(6) ? has : weighted(call, has, matrix);
    Weights weights = LayerRules.weights(call, 0, "weight");
    Sizes rows = ids.sizes().replaced(1, 1, result.get(1));
    DraftValue sums =
        call.finish(
            call.operation("matmul")
                .input("a", factors)
                .input("b", rows(call, ids, weights, rows))
                .set("transpose_b", false),
            call.name() + "_sums",
            ElementType.F32,
            null,
            result);
    DraftValue out = mode == SUM ? sums : means(call, sums, has, result);
    return Arrays.asList(out, null, null, null);
  }

  /** Places from the offset of a bag on, before that of the next one. */
  private static DraftValue inside(
      Call call, DraftValue offsets, Extent bags, Extent count, Sizes matrix) {
    Sizes upright = offsets.sizes().replaced(1, 1, ComposedRules.ones(call));
    DraftValue starts = ShapeRules.reshape(call, offsets, call.name() + "_starts", upright);
    DraftValue places = call.places(count);
    DraftValue begun =
        call.finish(
            call.operation("compare")
                .input("a", starts)
                .input("b", places)
                .set("comparison", "less_equal"),
            call.name() + "_begun",
            ElementType.BOOL,
            null,
            matrix);
    // A place is in the last of the bags that have begun: their number is one more than the bag's.
    DraftValue number =
        call.finish(
            call.operation("reduce")
                .input("x", call.whole(begun))
                .set("reduction", "sum")
                .set("dims", new long[] {0})
                .set("keep_dims", false),
            call.name() + "_bag",
            ElementType.I64,
            null,
            matrix.replaced(0, 1));
    DraftValue next =
        call.finish(
            IntegerRules.binary(call, "add", call.places(bags), call.whole(1L)),
            call.name() + "_next",
            ElementType.I64,
            null,
            offsets.sizes());
    return call.finish(
        call.operation("compare")
            .input("a", ShapeRules.reshape(call, next, call.name() + "_bags", upright))
            .input("b", number)
            .set("comparison", "equal"),
        call.name() + "_inside",
        ElementType.BOOL,
        null,
        matrix);
  }

  private static DraftValue withoutPadding(
      Call call, DraftValue inside, DraftValue ids, Sizes matrix) {
    long padding = call.integer(8);
    long rows = ((ConstantTensor) call.argument(0)).tensor().size(0);
    DraftValue words =
        call.finish(
            call.operation("compare")
                .input("a", ids)
                .input("b", call.whole(padding < 0 ? padding + rows : padding))
                .set("comparison", "not_equal"),
            call.name() + "_words",
            ElementType.BOOL,
            null,
            ids.sizes());
    return call.finish(
        call.operation("where").input("mask", inside).input("a", words).input("b", inside),
        call.name() + "_kept",
        ElementType.BOOL,
        null,
        matrix);
  }

  private static DraftValue weighted(Call call, DraftValue has, Sizes matrix) {
    return call.finish(
        ComposedRules.binary(call, "mul", has, call.floats(call.argument(6))),
        call.name() + "_weighted",
        ElementType.F32,
        null,
        matrix);
  }

  /** The mean of nothing is 0. */
  private static DraftValue means(Call call, DraftValue sums, DraftValue has, Sizes result) {
    Sizes upright = result.replaced(1, 2, ComposedRules.ones(call));
    DraftValue counts =
        call.finish(
            call.operation("reduce")
                .input("x", has)
                .set("reduction", "sum")
                .set("dims", new long[] {1})
                .set("keep_dims", true),
            call.name() + "_counts",
            ElementType.F32,
            null,
            upright);
    DraftValue some =
        call.finish(
            ComposedRules.binary(call, "max", counts, call.value(1.0)),
            call.name() + "_some",
            ElementType.F32,
            null,
            upright);
    return call.finish(
        ComposedRules.binary(call, "div", sums, some),
        call.name() + "_means",
        ElementType.F32,
        null,
        result);
  }
}
