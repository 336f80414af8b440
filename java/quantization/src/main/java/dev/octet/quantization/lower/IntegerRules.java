// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Map;

/**
 * Arithmetic of whole numbers, such as indices and lengths: exact, in 64 bits. Operators that are
 * there for floats too stand in front of the rules for these.
 */
final class IntegerRules {
  private IntegerRules() {}

  /** Registers the operators; those for floats must be there. */
  static void register(Map<String, Rule> rules) {
    both(rules, "add", call -> sum(call, "add", 0, 1));
    both(rules, "sub", call -> sum(call, "sub", 0, 1));
    both(rules, "rsub", call -> sum(call, "sub", 1, 0));
    both(rules, "mul", call -> binary(call, "mul"));
    both(rules, "maximum", call -> binary(call, "max"));
    both(rules, "minimum", call -> binary(call, "min"));
    both(rules, "div", IntegerRules::quotient);
    both(rules, "neg", call -> negative(call, call.whole(call.argument(0))));
    both(rules, "abs", IntegerRules::magnitude);
    both(rules, "square", call -> square(call));
    both(rules, "relu", call -> limited(call, 0L, null));
    both(rules, "clamp", call -> limited(call, call.argument(1), call.argument(2)));
    both(rules, "clamp_min", call -> limited(call, call.argument(1), null));
    both(rules, "clamp_max", call -> limited(call, null, call.argument(1)));
    rules.put("aten::floor_divide", call -> onlyWhole(call, "floor_div"));
    rules.put("aten::remainder", call -> onlyWhole(call, "remainder"));
    rules.put("aten::arange", IntegerRules::places);
    rules.put("aten::cumsum", IntegerRules::cumulativeSum);
  }

  private static void both(Map<String, Rule> rules, String name, Rule integers) {
    Rule reals = rules.get("aten::" + name);
    rules.put("aten::" + name, call -> call.isWhole() ? integers.apply(call) : reals.apply(call));
  }

  static DraftOperation binary(Call call, String function, DraftValue a, DraftValue b) {
    return call.operation("binary").input("a", a).input("b", b).set("function", function);
  }

  private static DraftValue binary(Call call, String function) {
    return call.finishWhole(
        binary(call, function, call.whole(call.argument(0)), call.whole(call.argument(1))));
  }

  /** Adds an operation on the way to the node's result. */
  private static DraftValue step(Call call, DraftOperation operation, String suffix, Sizes sizes) {
    return call.finish(operation, call.name() + "_" + suffix, ElementType.I64, null, sizes);
  }

  /** Lowers a sum or difference with a factor alpha for the second argument of the operator. */
  private static DraftValue sum(Call call, String function, int left, int right) {
    DraftValue a = call.whole(call.argument(left));
    DraftValue b = call.whole(call.argument(right));
    long alpha = call.integer(2, 1);
    if (alpha == 1) {
      return call.finishWhole(binary(call, function, a, b));
    }
    DraftValue scaled = left == 0 ? b : a;
    DraftValue product =
        step(call, binary(call, "mul", scaled, call.whole(alpha)), "scaled", scaled.sizes());
    return call.finishWhole(
        left == 0 ? binary(call, function, a, product) : binary(call, function, product, b));
  }

  private static DraftValue quotient(Call call) {
    if (call.isNone(2) || !call.text(2).equals("floor")) {
      throw new UnsupportedOperator(
          "its rounding_mode is "
              + call.argument(2)
              + "; programs round quotients down: \"floor\"");
    }
    return onlyWhole(call, "floor_div");
  }

  /** Lowers a function that is there for whole numbers alone. */
  private static DraftValue onlyWhole(Call call, String function) {
    if (!call.isWhole()) {
      throw new UnsupportedOperator(
          "its result is " + call.type() + "; programs have it for whole numbers alone");
    }
    boolean known = call.isNumber(1) && call.integer(1) != 0;
    if (!known && !(call.argument(1) instanceof Extent)) {
      throw new UnsupportedOperator(
          "it divides by " + call.argument(1) + "; expected a number that is not 0, or a size");
    }
    return binary(call, function);
  }

  private static DraftValue negative(Call call, DraftValue x) {
    return call.finishWhole(binary(call, "sub", call.whole(0L), x));
  }

  private static DraftValue magnitude(Call call) {
    DraftValue x = call.whole(call.argument(0));
    DraftValue other = step(call, binary(call, "sub", call.whole(0L), x), "negative", x.sizes());
    return call.finishWhole(binary(call, "max", x, other));
  }

  private static DraftValue square(Call call) {
    DraftValue x = call.whole(call.argument(0));
    return call.finishWhole(binary(call, "mul", x, x));
  }

  /** Null: no limit. */
  private static DraftValue limited(Call call, Object least, Object greatest) {
    DraftValue x = call.whole(call.argument(0));
    if (least != null && greatest != null) {
      x = step(call, binary(call, "max", x, call.whole(least)), "limited", call.sizes());
      return call.finishWhole(binary(call, "min", x, call.whole(greatest)));
    }
    return call.finishWhole(
        least != null
            ? binary(call, "max", x, call.whole(least))
            : binary(call, "min", x, call.whole(greatest)));
  }

  /** Places from a number on that follows from sizes; others are constants. */
  private static DraftValue places(Call call) {
    boolean starts =
        call.origin().what().contains(".start") && !(call.isNumber(0) && call.integer(0) == 0);
    boolean steps = call.origin().what().endsWith("_step") && call.integer(2, 1) != 1;
    if (!call.isWhole() || steps) {
      throw new UnsupportedOperator("it makes fractions, or steps of more than one");
    }
    DraftValue places = call.places(call.sizes().get(0));
    return starts
        ? call.finishWhole(binary(call, "add", places, call.whole(call.argument(0))))
        : places;
  }

  private static DraftValue cumulativeSum(Call call) {
    if (!call.isWhole() || !call.isWhole(0)) {
      throw new UnsupportedOperator(
          "its result is " + call.type() + "; programs have it for whole numbers alone");
    }
    return call.finishWhole(
        call.operation("cumulative_sum")
            .input("x", call.whole(call.argument(0)))
            .set("axis", (long) Call.dimension(call.integer(1), call.sizes().rank())));
  }
}
