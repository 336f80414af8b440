// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Functions of single elements. */
final class ElementwiseRules {
  private static final List<String> PLAIN =
      List.of(
          "silu",
          "sigmoid",
          "tanh",
          "exp",
          "log",
          "sqrt",
          "rsqrt",
          "reciprocal",
          "neg",
          "abs",
          "erf",
          "hardswish",
          "hardsigmoid",
          "mish");

  private ElementwiseRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    PLAIN.forEach(name -> rules.put("aten::" + name, call -> unary(call, name, 0, 0)));
    rules.put("aten::relu", call -> clamp(call, "relu", 0, Double.POSITIVE_INFINITY));
    rules.put("aten::relu6", call -> clamp(call, "relu6", 0, 6));
    rules.put("aten::hardtanh", call -> clamp(call, call.number(1, -1), call.number(2, 1)));
    rules.put(
        "aten::clamp",
        call ->
            clamp(
                call,
                call.number(1, Double.NEGATIVE_INFINITY),
                call.number(2, Double.POSITIVE_INFINITY)));
    rules.put("aten::clamp_min", call -> clamp(call, call.number(1), Double.POSITIVE_INFINITY));
    rules.put("aten::clamp_max", call -> clamp(call, Double.NEGATIVE_INFINITY, call.number(1)));
    rules.put("aten::gelu", call -> gelu(call, call.isNone(1) ? "none" : call.text(1)));
    rules.put("aten::leaky_relu", call -> unary(call, "leaky_relu", call.number(1, 0.01), 0));
    rules.put("aten::elu", ElementwiseRules::elu);
    rules.put("aten::pow", ElementwiseRules::pow);
    rules.put("aten::square", call -> unary(call, "pow", 2, 0));
    rules.put("aten::add", call -> sum(call, "add", 0, 1));
    rules.put("aten::sub", call -> sum(call, "sub", 0, 1));
    rules.put("aten::rsub", call -> sum(call, "sub", 1, 0));
    rules.put("aten::mul", call -> binary(call, "mul", call.real(0), call.real(1)));
    rules.put("aten::div", ElementwiseRules::div);
    rules.put("aten::maximum", call -> binary(call, "max", call.real(0), call.real(1)));
    rules.put("aten::minimum", call -> binary(call, "min", call.real(0), call.real(1)));
    for (String name : List.of("to", "type_as", "_to_copy", "float", "type")) {
      rules.put("aten::" + name, ElementwiseRules::cast);
    }
    for (String name :
        List.of("contiguous", "detach", "clone", "alias", "dropout", "identity", "lift_fresh")) {
      rules.put("aten::" + name, call -> call.value(0));
    }
    rules.put("aten::softmax", ElementwiseRules::softmax);
    rules.put("aten::_softmax", ElementwiseRules::softmax);
  }

  /** Lowers a function of one value. */
  static DraftValue unary(Call call, String function, double first, double second) {
    DraftOperation operation =
        call.operation("unary").input("x", call.real(0)).set("function", function);
    if (first != 0) {
      operation.set("first", first);
    }
    if (second != 0) {
      operation.set("second", second);
    }
    return call.finish(operation);
  }

  static DraftValue gelu(Call call, String approximation) {
    return unary(call, approximation.equals("tanh") ? "gelu_tanh" : "gelu_erf", 0, 0);
  }

  private static DraftValue elu(Call call) {
    if (call.number(2, 1) != 1 || call.number(3, 1) != 1) {
      throw new UnsupportedOperator("its scale or input_scale is not 1");
    }
    return unary(call, "elu", call.number(1, 1), 0);
  }

  private static DraftValue pow(Call call) {
    if (!call.isNumber(1)) {
      throw new UnsupportedOperator("its exponent is no constant number");
    }
    return unary(call, "pow", call.number(1), 0);
  }

  static DraftValue clamp(Call call, double least, double greatest) {
    if (least == 0 && greatest == 6) {
      return clamp(call, "relu6", least, greatest);
    }
    return least == 0 && greatest == Double.POSITIVE_INFINITY
        ? clamp(call, "relu", least, greatest)
        : clamp(call, "clamp", least, greatest);
  }

  /** Lowers a limitation; codes whose grid has the limits, or ends before them, keep their grid. */
  static DraftValue clamp(Call call, String function, double least, double greatest) {
    DraftValue x = call.real(0);
    DraftOperation operation = call.operation("unary").input("x", x).set("function", function);
    if (function.equals("clamp")) {
      operation
          .set("first", Math.max(least, -Float.MAX_VALUE))
          .set("second", Math.min(greatest, Float.MAX_VALUE));
    }
    if (!x.isOnGrid()) {
      return call.finish(operation);
    }
    Grid grid = x.grid();
    boolean below = least <= value(grid, grid.intMin());
    boolean above = greatest >= value(grid, grid.intMax());
    if (below && above) {
      return x;
    }
    boolean keeps = (below || isOn(grid, least)) && (above || isOn(grid, greatest));
    return keeps ? call.finish(operation, x.type(), grid) : call.finish(operation);
  }

  private static float value(Grid grid, int code) {
    return grid.scale(0) * (code - grid.zeroPoint(0));
  }

  private static boolean isOn(Grid grid, double limit) {
    double code = Math.rint(limit / grid.scale(0)) + grid.zeroPoint(0);
    return code >= grid.intMin()
        && code <= grid.intMax()
        && value(grid, (int) code) == (float) limit;
  }

  /** Lowers a sum or difference with a factor alpha for the second argument of the operator. */
  private static DraftValue sum(Call call, String function, int left, int right) {
    DraftValue a = call.real(left);
    DraftValue b = call.real(right);
    double alpha = call.number(2, 1);
    if (alpha == 1) {
      return binary(call, function, a, b);
    }
    DraftValue scaled = left == 0 ? b : a;
    DraftValue product =
        call.finish(
            call.operation("binary")
                .input("a", scaled)
                .input("b", call.value(alpha))
                .set("function", "mul"),
            call.name() + "_scaled",
            ElementType.F32,
            null,
            scaled.sizes());
    return left == 0 ? binary(call, function, a, product) : binary(call, function, product, b);
  }

  private static DraftValue div(Call call) {
    if (!call.isNone(2)) {
      throw new UnsupportedOperator("its rounding_mode is " + call.argument(2));
    }
    return binary(call, "div", call.real(0), call.real(1));
  }

  private static DraftValue binary(Call call, String function, DraftValue a, DraftValue b) {
    if (call.type() != ElementType.F32) {
      throw new UnsupportedOperator(
          "its result is " + call.type() + "; programs compute with f32 and codes");
    }
    return call.finish(
        call.operation("binary").input("a", a).input("b", b).set("function", function));
  }

  private static DraftValue cast(Call call) {
    DraftValue x = call.value(0);
    ElementType type = call.type();
    if (type == x.type() || type == ElementType.F32 && x.isOnGrid()) {
      return x;
    }
    if (type == null || type.isByteCode()) {
      throw new UnsupportedOperator(
          "it converts to " + (type == null ? "a type that programs don't have" : type));
    }
    return call.finish(
        call.operation("cast").input("x", x.isOnGrid() ? call.floats(x) : x), type, null);
  }

  private static DraftValue softmax(Call call) {
    return softmax(call, call.integer(1));
  }

  /** Lowers a softmax over one dimension, which programs take over the last only. */
  static DraftValue softmax(Call call, long dim) {
    int rank = call.sizes().rank();
    DraftValue x = call.real(0);
    if (Call.dimension(dim, rank) == rank - 1) {
      return call.finish(call.operation("softmax").input("x", x));
    }
    long[] order = new long[rank];
    Arrays.setAll(order, i -> i);
    int last = rank - 1;
    int place = Call.dimension(dim, rank);
    order[place] = last;
    order[last] = place;
    DraftValue turned = ShapeRules.transpose(call, x, order, call.name() + "_in");
    DraftValue out =
        call.finish(
            call.operation("softmax").input("x", turned),
            call.name() + "_turned",
            ElementType.F32,
            null,
            turned.sizes());
    return ShapeRules.transpose(call, out, order, call.name());
  }
}
