// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Operators for which programs have no operation of their own, made of others. */
final class ComposedRules {
  /** Of SELU, as its paper has them. */
  private static final double SELU_ALPHA = 1.6732632423543772;

  private static final double SELU_SCALE = 1.0507009873554805;

  private ComposedRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::log_softmax", call -> logSoftmax(call, call.integer(1)));
    rules.put("aten::_log_softmax", call -> logSoftmax(call, call.integer(1)));
    rules.put("aten::prelu", call -> prelu(call, call.value(1)));
    rules.put("aten::softplus", call -> softplus(call, call.number(1, 1), call.number(2, 20)));
    rules.put("aten::selu", ComposedRules::selu);
    rules.put("aten::log_sigmoid", ComposedRules::logSigmoid);
    rules.put("aten::softsign", ComposedRules::softsign);
    rules.put("aten::group_norm", ComposedRules::groupNorm);
    rules.put("aten::instance_norm", ComposedRules::instanceNorm);
    rules.put("aten::index_select", ComposedRules::indexSelect);
  }

  /** Adds an operation that makes floats on the way to the node's result. */
  static DraftValue step(Call call, DraftOperation operation, String suffix, Sizes sizes) {
    return call.finish(operation, call.name() + "_" + suffix, ElementType.F32, null, sizes);
  }

  static DraftOperation unary(Call call, String function, DraftValue x) {
    return call.operation("unary").input("x", x).set("function", function);
  }

  static DraftOperation binary(Call call, String function, DraftValue a, DraftValue b) {
    return call.operation("binary").input("a", a).input("b", b).set("function", function);
  }

  /** x - max - log(sum(exp(x - max))), which does not lose small probabilities. */
  static DraftValue logSoftmax(Call call, long dim) {
    DraftValue x = call.floats(call.argument(0));
    int axis = Call.dimension(dim, x.sizes().rank());
    long[] dims = {axis};
    Sizes kept = x.sizes().replaced(axis, axis + 1, ones(call));
    DraftValue greatest =
        step(
            call,
            call.operation("reduce")
                .input("x", x)
                .set("reduction", "max")
                .set("dims", dims)
                .set("keep_dims", true),
            "greatest",
            kept);
    DraftValue below = step(call, binary(call, "sub", x, greatest), "below", x.sizes());
    DraftValue powers = step(call, unary(call, "exp", below), "exp", x.sizes());
    DraftValue sum =
        step(
            call,
            call.operation("reduce")
                .input("x", powers)
                .set("reduction", "sum")
                .set("dims", dims)
                .set("keep_dims", true),
            "sum",
            kept);
    DraftValue log = step(call, unary(call, "log", sum), "log", kept);
    return call.finish(binary(call, "sub", below, log));
  }

  static Extent ones(Call call) {
    long[] ones = new long[call.runs()];
    Arrays.fill(ones, 1);
    return Extent.of(ones);
  }

  /** max(x, 0) + weight * min(x, 0), with a weight for each channel, or one. */
  static DraftValue prelu(Call call, DraftValue weight) {
    DraftValue x = call.floats(call.argument(0));
    DraftValue slopes = weight;
    int rank = x.sizes().rank();
    if (!weight.sizes().get(0).is(1) && rank > 2) {
      long[] shape = new long[rank - 1];
      Arrays.fill(shape, 1);
      shape[0] = weight.sizes().get(0).value();
      slopes =
          ShapeRules.reshape(
              call, weight, call.name() + "_slopes", Sizes.fixed(call.runs(), shape));
    }
    DraftValue zero = call.value(0.0);
    DraftValue above = step(call, unary(call, "relu", x), "above", x.sizes());
    DraftValue below = step(call, binary(call, "min", x, zero), "below", x.sizes());
    DraftValue scaled = step(call, binary(call, "mul", below, slopes), "scaled", x.sizes());
    return call.finish(binary(call, "add", above, scaled));
  }

  /** log(1 + exp(beta * x)) / beta; torch takes x itself from a threshold on, where they agree. */
  static DraftValue softplus(Call call, double beta, double threshold) {
    if (threshold < 20) {
      throw new UnsupportedOperator("its threshold is " + threshold + "; expected at least 20");
    }
    DraftValue x = call.floats(call.argument(0));
    if (beta == 1) {
      return call.finish(unary(call, "softplus", x));
    }
    DraftValue scaled = step(call, binary(call, "mul", x, call.value(beta)), "scaled", x.sizes());
    DraftValue y = step(call, unary(call, "softplus", scaled), "softplus", x.sizes());
    return call.finish(binary(call, "div", y, call.value(beta)));
  }

  static DraftValue selu(Call call) {
    DraftValue x = call.floats(call.argument(0));
    DraftValue elu = step(call, unary(call, "elu", x).set("first", SELU_ALPHA), "elu", x.sizes());
    return call.finish(binary(call, "mul", elu, call.value(SELU_SCALE)));
  }

  static DraftValue logSigmoid(Call call) {
    DraftValue x = call.floats(call.argument(0));
    DraftValue negative = step(call, unary(call, "neg", x), "negative", x.sizes());
    DraftValue y = step(call, unary(call, "softplus", negative), "softplus", x.sizes());
    return call.finish(unary(call, "neg", y));
  }

  static DraftValue softsign(Call call) {
    DraftValue x = call.floats(call.argument(0));
    DraftValue magnitude = step(call, unary(call, "abs", x), "magnitude", x.sizes());
    DraftValue more =
        step(call, binary(call, "add", magnitude, call.value(1.0)), "more", x.sizes());
    return call.finish(binary(call, "div", x, more));
  }

  private static DraftValue groupNorm(Call call) {
    return groupNorm(
        call,
        call.integer(1),
        call.isNone(2) ? null : call.value(2),
        call.isNone(3) ? null : call.value(3),
        call.number(4, 1e-5));
  }

  private static DraftValue instanceNorm(Call call) {
    if (!call.flag(5)) {
      throw new UnsupportedOperator("it normalizes by running statistics");
    }
    return instances(
        call,
        call.real(0).sizes().rank() - 2,
        call.isNone(1) ? null : call.value(1),
        call.isNone(2) ? null : call.value(2),
        call.number(7, 1e-5));
  }

  /**
   * Each channel of [N, C, ...] is a group of its own; so is each of [C, ...], one instance.
   *
   * @param places dimensions behind the channels
   */
  static DraftValue instances(
      Call call, int places, DraftValue weight, DraftValue bias, double eps) {
    DraftValue x = call.real(0);
    Sizes sizes = x.sizes();
    if (sizes.rank() > places + 1) {
      return groupNorm(call, x, sizes.get(1).value(), weight, bias, eps);
    }
    DraftValue one =
        ShapeRules.reshape(call, x, call.name() + "_batch", sizes.replaced(0, 0, ones(call)));
    DraftValue y = groupNorm(call, one, sizes.get(0).value(), weight, bias, eps);
    return ShapeRules.reshape(call, y, call.name() + "_instance", sizes);
  }

  /** Normalizes groups of channels of [N, C, ...] as rows, then scales and shifts channels. */
  static DraftValue groupNorm(
      Call call, long groups, DraftValue weight, DraftValue bias, double eps) {
    return groupNorm(call, call.real(0), groups, weight, bias, eps);
  }

  private static DraftValue groupNorm(
      Call call, DraftValue x, long groups, DraftValue weight, DraftValue bias, double eps) {
    Sizes sizes = x.sizes();
    int rank = sizes.rank();
    long[] each = new long[call.runs()];
    long[] rest = new long[call.runs()];
    for (int run = 0; run < rest.length; run++) {
      rest[run] = Arrays.stream(sizes.run(run)).skip(1).reduce(1, (a, b) -> a * b) / groups;
      each[run] = groups;
    }
    Sizes grouped = sizes.replaced(1, rank, Extent.of(each), Extent.of(rest));
    DraftValue rows = ShapeRules.reshape(call, x, call.name() + "_groups", grouped);
    DraftValue normal =
        step(
            call,
            call.operation("layer_norm").input("x", rows).set("dims", 1L).set("eps", eps),
            "normal",
            grouped);
    DraftValue y = ShapeRules.reshape(call, normal, call.name() + "_channels", sizes);
    if (weight != null) {
      y = step(call, binary(call, "mul", y, channels(call, weight, rank)), "scaled", sizes);
    }
    if (bias != null) {
      y = step(call, binary(call, "add", y, channels(call, bias, rank)), "shifted", sizes);
    }
    return y;
  }

  /** A constant [C] as one that is broadcast to [N, C, ...]. */
  private static DraftValue channels(Call call, DraftValue vector, int rank) {
    long[] shape = new long[rank - 1];
    Arrays.fill(shape, 1);
    shape[0] = vector.sizes().get(0).value();
    String name = vector.name() + "_broad";
    return ShapeRules.reshape(call, vector, name, Sizes.fixed(call.runs(), shape));
  }

  private static DraftValue indexSelect(Call call) {
    DraftValue x = call.real(0);
    int rank = x.sizes().rank();
    int axis = Call.dimension(call.integer(1), rank);
    long[] order = new long[rank];
    Arrays.setAll(order, i -> i);
    order[0] = axis;
    order[axis] = 0;
    DraftValue first = ShapeRules.transpose(call, x, order, call.name() + "_in");
    DraftValue indices = call.value(2);
    if (indices.type() != ElementType.I64 && indices.type() != ElementType.S32) {
      throw new UnsupportedOperator("its indices are " + indices.type() + "; expected s32 or i64");
    }
    DraftValue taken =
        call.finish(
            call.operation("gather").input("x", first).input("indices", indices),
            call.name() + "_taken",
            x.type(),
            x.grid(),
            first.sizes().replaced(0, 1, indices.sizes().get(0)));
    return ShapeRules.transpose(call, taken, order, call.name());
  }

  /** Returns a weight or a bias of a module as a constant; null if it is undefined. */
  static DraftValue parameter(Call call, Tensor tensor, String what) {
    if (!tensor.defined()) {
      return null;
    }
    String name = call.origin().path() + "." + what;
    return call.constants().shared(name, () -> call.constants().plain(name, tensor, call.runs()));
  }
}
