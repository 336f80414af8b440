// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Map;

/** Activations that are made of others, or of the halves of a tensor. */
final class ShapedActivationRules {
  private ShapedActivationRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::glu", call -> gated(call, call.integer(1, -1)));
    rules.put("aten::celu", call -> celu(call, call.number(1, 1)));
    rules.put("aten::threshold", call -> threshold(call, call.number(1), call.number(2)));
    rules.put("aten::hardshrink", call -> hardShrink(call, call.number(1, 0.5)));
    rules.put("aten::softshrink", call -> softShrink(call, call.number(1, 0.5)));
    rules.put("aten::rrelu", ShapedActivationRules::randomSlope);
    rules.put("aten::logsumexp", ShapedActivationRules::logSumExp);
  }

  /** The first half of a dimension times the sigmoid of the second. */
  static DraftValue gated(Call call, long dim) {
    DraftValue x = call.real(0);
    int axis = Call.dimension(dim, x.sizes().rank());
    Extent size = x.sizes().get(axis);
    if (!size.isFixed()) {
      throw new UnsupportedOperator("it halves a dimension whose size changes, " + size);
    }
    DraftValue values = half(call, x, axis, 0, "_values");
    DraftValue gates = half(call, x, axis, size.value() / 2, "_gates");
    DraftValue open =
        ComposedRules.step(
            call, ComposedRules.unary(call, "sigmoid", gates), "sigmoid", call.sizes());
    return call.finish(ComposedRules.binary(call, "mul", values, open));
  }

  private static DraftValue half(Call call, DraftValue x, int axis, long start, String suffix) {
    long end = start + x.sizes().get(axis).value() / 2;
    DraftOperation slice =
        call.operation("slice")
            .input("x", x)
            .set("axis", (long) axis)
            .set("start", start)
            .set("end", end);
    return ShapeRules.moved(call, slice, x, call.name() + suffix, call.sizes());
  }

  /** max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)), which is alpha * ELU(x / alpha). */
  static DraftValue celu(Call call, double alpha) {
    DraftValue x = call.floats(call.argument(0));
    if (alpha == 1) {
      return ElementwiseRules.unary(call, "elu", 1, 0);
    }
    DraftValue scaled =
        ComposedRules.step(
            call, ComposedRules.binary(call, "div", x, call.value(alpha)), "scaled", x.sizes());
    DraftValue elu =
        ComposedRules.step(
            call, ComposedRules.unary(call, "elu", scaled).set("first", 1.0), "elu", x.sizes());
    return call.finish(ComposedRules.binary(call, "mul", elu, call.value(alpha)));
  }

  /** A number where x is at most a limit, elsewhere x, also if it is no number. */
  static DraftValue threshold(Call call, double limit, double value) {
    DraftValue x = call.floats(call.argument(0));
    return call.finish(
        call.operation("where")
            .input("mask", compared(call, "less_equal", x, limit, "below"))
            .input("a", call.value(value))
            .input("b", x));
  }

  private static DraftValue compared(
      Call call, String comparison, DraftValue x, double limit, String suffix) {
    DraftOperation operation =
        call.operation("compare")
            .input("a", x)
            .input("b", call.value(limit))
            .set("comparison", comparison);
    return call.finish(operation, call.name() + "_" + suffix, ElementType.BOOL, null, x.sizes());
  }

  /** x, but 0 where its magnitude is at most lambda. */
  static DraftValue hardShrink(Call call, double lambda) {
    DraftValue x = call.floats(call.argument(0));
    DraftValue magnitude =
        ComposedRules.step(call, ComposedRules.unary(call, "abs", x), "magnitude", x.sizes());
    return call.finish(
        call.operation("where")
            .input("mask", compared(call, "less_equal", magnitude, lambda, "below"))
            .input("a", call.value(0.0))
            .input("b", x));
  }

  /** x, but nearer to 0 by lambda: x - min(max(x, -lambda), lambda). */
  static DraftValue softShrink(Call call, double lambda) {
    DraftValue x = call.floats(call.argument(0));
    DraftValue inner =
        ComposedRules.step(
            call,
            ComposedRules.unary(call, "clamp", x).set("first", -lambda).set("second", lambda),
            "inner",
            x.sizes());
    return call.finish(ComposedRules.binary(call, "sub", x, inner));
  }

  /** In eval mode the slope is the mean of its limits. */
  private static DraftValue randomSlope(Call call) {
    if (call.flag(3)) {
      throw new UnsupportedOperator("it draws slopes at random", "call eval() before lowering");
    }
    double slope = (call.number(1, 1.0 / 8) + call.number(2, 1.0 / 3)) / 2;
    return ElementwiseRules.unary(call, "leaky_relu", slope, 0);
  }

  private static DraftValue logSumExp(Call call) {
    DraftValue x = call.floats(call.argument(0));
    long[] dims = call.integers(1, 1);
    if (dims.length != 1) {
      throw new UnsupportedOperator("it sums over " + dims.length + " dimensions; expected one");
    }
    int axis = Call.dimension(dims[0], x.sizes().rank());
    Sizes kept = x.sizes().replaced(axis, axis + 1, ComposedRules.ones(call));
    // Less an infinity, an infinity would be no number.
    DraftValue greatest =
        ComposedRules.step(
            call,
            ComposedRules.unary(call, "clamp", reduced(call, "max", x, axis, "greatest", kept))
                .set("first", -Float.MAX_VALUE)
                .set("second", Float.MAX_VALUE),
            "finite",
            kept);
    DraftValue below =
        ComposedRules.step(
            call, ComposedRules.binary(call, "sub", x, greatest), "below", x.sizes());
    DraftValue powers =
        ComposedRules.step(call, ComposedRules.unary(call, "exp", below), "exp", x.sizes());
    DraftValue sum = reduced(call, "sum", powers, axis, "sum", kept);
    DraftValue log = ComposedRules.step(call, ComposedRules.unary(call, "log", sum), "log", kept);
    DraftValue out =
        ComposedRules.step(call, ComposedRules.binary(call, "add", log, greatest), "kept", kept);
    return ShapeRules.reshape(call, out, call.name(), call.sizes());
  }

  private static DraftValue reduced(
      Call call, String reduction, DraftValue x, int axis, String suffix, Sizes kept) {
    DraftOperation operation =
        call.operation("reduce")
            .input("x", x)
            .set("reduction", reduction)
            .set("dims", new long[] {axis})
            .set("keep_dims", true);
    return ComposedRules.step(call, operation, suffix, kept);
  }
}
