// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.List;
import java.util.Map;

/** Comparisons, truth values, and what is chosen by them. */
final class MaskRules {
  private static final Map<String, String> COMPARISONS =
      Map.of(
          "eq", "equal",
          "ne", "not_equal",
          "lt", "less",
          "le", "less_equal",
          "gt", "greater",
          "ge", "greater_equal");

  private MaskRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    COMPARISONS.forEach(
        (name, comparison) -> rules.put("aten::" + name, call -> compare(call, comparison)));
    rules.put("aten::where", MaskRules::where);
    rules.put("aten::masked_fill", MaskRules::maskedFill);
    rules.put("aten::tril", call -> triangle(call, "less_equal"));
    rules.put("aten::triu", call -> triangle(call, "greater_equal"));
    for (String name : List.of("logical_not", "bitwise_not")) {
      rules.put("aten::" + name, MaskRules::not);
    }
    for (String name : List.of("logical_and", "bitwise_and", "__and__")) {
      rules.put("aten::" + name, MaskRules::and);
    }
    for (String name : List.of("logical_or", "bitwise_or", "__or__")) {
      rules.put("aten::" + name, MaskRules::or);
    }
    for (String name : List.of("logical_xor", "bitwise_xor", "__xor__")) {
      rules.put("aten::" + name, MaskRules::xor);
    }
    rules.put("aten::any", call -> overAll(call, "max", "not_equal"));
    rules.put("aten::all", call -> overAll(call, "min", "not_equal"));
    for (String name :
        List.of(
            "masked_select", "nonzero", "nonzero_numpy", "argwhere", "_unique2", "unique_dim")) {
      rules.put("aten::" + name, MaskRules::choosesAsMany);
    }
  }

  private static DraftValue choosesAsMany(Call call) {
    throw chosenByMask();
  }

  /** Returns why what a mask chooses is in no program. */
  static UnsupportedOperator chosenByMask() {
    return new UnsupportedOperator(
        "how many elements it takes follows from what is in the inputs, and sizes in a program follow"
            + " from the sizes of its inputs alone",
        "keep all elements and let the mask decide what they count: torch.where, masked_fill, a"
            + " product with the mask, a masked mean or an attention mask; or return them all with"
            + " the mask, and choose after the run");
  }

  private static DraftValue compare(Call call, String comparison) {
    // Whole numbers are compared as such, with fractions in floats as libtorch does.
    boolean whole = call.isWhole(0) && call.isWhole(1);
    return call.finish(
        compare(
            call,
            whole ? call.whole(call.argument(0)) : call.real(0),
            whole ? call.whole(call.argument(1)) : call.real(1),
            comparison),
        ElementType.BOOL,
        null);
  }

  private static DraftOperation compare(Call call, DraftValue a, DraftValue b, String comparison) {
    return call.operation("compare").input("a", a).input("b", b).set("comparison", comparison);
  }

  /** Returns a tensor of truth values; numbers are true if they are not 0. */
  private static DraftValue truth(Call call, int index) {
    DraftValue x = call.value(index);
    if (x.type() == ElementType.BOOL) {
      return x;
    }
    boolean whole = call.isWhole(index);
    return call.finish(
        compare(
            call,
            whole ? call.whole(x) : call.real(x),
            whole ? call.whole(0L) : call.value(0.0),
            "not_equal"),
        call.name() + "_truth" + index,
        ElementType.BOOL,
        null,
        x.sizes());
  }

  private static void requireTruth(Call call) {
    if (call.type() != ElementType.BOOL) {
      throw new UnsupportedOperator(
          "it combines the bits of " + call.type() + "; expected truth values");
    }
  }

  private static DraftValue not(Call call) {
    requireTruth(call);
    DraftValue x = call.value(0);
    if (x.type() != ElementType.BOOL && call.isWhole(0)) {
      return call.finish(
          compare(call, call.whole(x), call.whole(0L), "equal"), ElementType.BOOL, null);
    }
    return call.finish(
        compare(call, call.real(0), call.value(0.0), "equal"), ElementType.BOOL, null);
  }

  private static DraftValue and(Call call) {
    requireTruth(call);
    DraftValue a = truth(call, 0);
    return choice(call, a, truth(call, 1), a);
  }

  private static DraftValue or(Call call) {
    requireTruth(call);
    DraftValue a = truth(call, 0);
    return choice(call, a, a, truth(call, 1));
  }

  private static DraftValue xor(Call call) {
    requireTruth(call);
    DraftOperation operation =
        compare(call, call.whole(truth(call, 0)), call.whole(truth(call, 1)), "not_equal");
    return call.finish(operation, ElementType.BOOL, null);
  }

  /** Whether any, or every, element along a dimension, or of all, is true. */
  private static DraftValue overAll(Call call, String reduction, String comparison) {
    DraftValue x = call.whole(truth(call, 0));
    long[] dims = ReductionRules.dims(call, x.sizes().rank());
    DraftOperation reduce =
        call.operation("reduce")
            .input("x", x)
            .set("reduction", reduction)
            .set("dims", dims)
            .set("keep_dims", call.sizes().rank() == x.sizes().rank());
    DraftValue number =
        call.finish(reduce, call.name() + "_number", ElementType.I64, null, call.sizes());
    return call.finish(compare(call, number, call.whole(0L), comparison), ElementType.BOOL, null);
  }

  private static DraftValue where(Call call) {
    if (call.recorded().get(0) instanceof List<?>) {
      throw chosenByMask();
    }
    return choose(call, call.value(0), call.argument(1), call.argument(2));
  }

  private static DraftValue maskedFill(Call call) {
    return choose(call, call.value(1), call.argument(2), call.argument(0));
  }

  /** Lowers a choice of floats, whole numbers or truth values, whichever the node makes. */
  private static DraftValue choose(Call call, DraftValue mask, Object a, Object b) {
    if (mask.type() != ElementType.BOOL && mask.type() != ElementType.U8) {
      throw new UnsupportedOperator("its mask is " + mask.type() + "; expected bool");
    }
    if (call.isWhole()) {
      return call.finishWhole(choiceOf(call, mask, call.whole(a), call.whole(b)));
    }
    if (call.type() == ElementType.BOOL) {
      DraftValue left = call.value(a);
      DraftValue right = call.value(b);
      if (left.type() == ElementType.BOOL && right.type() == ElementType.BOOL) {
        return choice(call, mask, left, right);
      }
      return call.finish(
          compare(
              call,
              call.finish(
                  choiceOf(call, mask, call.whole(a), call.whole(b)),
                  call.name() + "_number",
                  ElementType.I64,
                  null,
                  call.sizes()),
              call.whole(0L),
              "not_equal"),
          ElementType.BOOL,
          null);
    }
    return call.finish(choiceOf(call, mask, call.floats(a), call.floats(b)));
  }

  private static DraftOperation choiceOf(Call call, DraftValue mask, DraftValue a, DraftValue b) {
    return call.operation("where").input("mask", mask).input("a", a).input("b", b);
  }

  private static DraftValue choice(Call call, DraftValue mask, DraftValue a, DraftValue b) {
    return call.finish(choiceOf(call, mask, a, b), ElementType.BOOL, null);
  }

  /** Matrices whose elements on one side of a diagonal are 0. */
  private static DraftValue triangle(Call call, String comparison) {
    Sizes sizes = call.sizes();
    int rank = sizes.rank();
    DraftValue rows = call.places(sizes.get(rank - 2));
    DraftValue columns = call.places(sizes.get(rank - 1));
    Sizes upright = rows.sizes().replaced(1, 1, ComposedRules.ones(call));
    DraftValue last =
        call.finish(
            IntegerRules.binary(
                call,
                "add",
                ShapeRules.reshape(call, rows, call.name() + "_rows", upright),
                call.whole(call.integer(1, 0))),
            call.name() + "_diagonal",
            ElementType.I64,
            null,
            upright);
    DraftValue kept =
        call.finish(
            compare(call, columns, last, comparison),
            call.name() + "_kept",
            ElementType.BOOL,
            null,
            upright.replaced(1, 2, sizes.get(rank - 1)));
    return choose(call, kept, call.argument(0), call.isWhole() ? (Object) 0L : (Object) 0.0);
  }
}
