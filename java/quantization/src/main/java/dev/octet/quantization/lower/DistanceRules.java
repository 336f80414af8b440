// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.Map;

/** Norms of vectors, and what is made of them. */
final class DistanceRules {
  private DistanceRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    for (String name : new String[] {"norm", "linalg_vector_norm"}) {
      rules.put("aten::" + name, DistanceRules::norm);
    }
    rules.put(
        "aten::cosine_similarity",
        call -> cosineSimilarity(call, call.integer(2, 1), call.number(3, 1e-8)));
    rules.put(
        "aten::pairwise_distance",
        call -> pairwiseDistance(call, call.number(2, 2), call.number(3, 1e-6), call.flag(4)));
  }

  private static DraftValue norm(Call call) {
    DraftValue x = call.floats(call.argument(0));
    int rank = x.sizes().rank();
    long[] dims = call.isNone(2) ? new long[0] : call.integers(2, 1);
    if (dims.length == 0) {
      dims = new long[rank];
      Arrays.setAll(dims, i -> i);
    }
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Call.dimension(dims[i], rank);
    }
    Arrays.sort(dims);
    boolean keeps = call.sizes().rank() == rank;
    return norm(call, x, call.number(1, 2), dims, keeps, call.name(), call.sizes());
  }

  /** Lowers the norm of order 1, 2 or infinity over some dimensions. */
  private static DraftValue norm(
      Call call, DraftValue x, double order, long[] dims, boolean keeps, String name, Sizes sizes) {
    boolean squares = order == 2;
    if (!squares && order != 1 && order != Double.POSITIVE_INFINITY) {
      throw new UnsupportedOperator(
          "its order is " + order + "; programs have norms of order 1, 2 and infinity");
    }
    DraftOperation each =
        squares ? ComposedRules.binary(call, "mul", x, x) : ComposedRules.unary(call, "abs", x);
    DraftValue parts = call.finish(each, name + "_parts", ElementType.F32, null, x.sizes());
    DraftOperation reduce =
        call.operation("reduce")
            .input("x", parts)
            .set("reduction", order == Double.POSITIVE_INFINITY ? "max" : "sum")
            .set("dims", dims)
            .set("keep_dims", keeps);
    if (!squares) {
      return call.finish(reduce, name, ElementType.F32, null, sizes);
    }
    DraftValue sum = call.finish(reduce, name + "_sum", ElementType.F32, null, sizes);
    return call.finish(ComposedRules.unary(call, "sqrt", sum), name, ElementType.F32, null, sizes);
  }

  /** The sum of products by the product of norms, neither of which is below eps. */
  static DraftValue cosineSimilarity(Call call, long dim, double eps) {
    DraftValue a = call.floats(call.argument(0));
    DraftValue b = call.floats(call.argument(1));
    if (!a.sizes().equals(b.sizes())) {
      throw new UnsupportedOperator(
          "it takes " + a.sizes() + " and " + b.sizes() + "; expected equal sizes");
    }
    long[] dims = {Call.dimension(dim, a.sizes().rank())};
    DraftValue products =
        ComposedRules.step(call, ComposedRules.binary(call, "mul", a, b), "products", a.sizes());
    DraftValue sum =
        ComposedRules.step(
            call,
            call.operation("reduce")
                .input("x", products)
                .set("reduction", "sum")
                .set("dims", dims)
                .set("keep_dims", false),
            "sum",
            call.sizes());
    DraftValue both =
        ComposedRules.step(
            call,
            ComposedRules.binary(
                call, "mul", limited(call, a, dims, eps, "a"), limited(call, b, dims, eps, "b")),
            "norms",
            call.sizes());
    return call.finish(ComposedRules.binary(call, "div", sum, both));
  }

  private static DraftValue limited(
      Call call, DraftValue x, long[] dims, double eps, String suffix) {
    String name = call.name() + "_norm_" + suffix;
    DraftValue norm = norm(call, x, 2, dims, false, name, call.sizes());
    return ComposedRules.step(
        call,
        ComposedRules.binary(call, "max", norm, call.value(eps)),
        "limited_" + suffix,
        call.sizes());
  }

  /** The norm of a - b + eps over the last dimension. */
  static DraftValue pairwiseDistance(Call call, double order, double eps, boolean keeps) {
    DraftValue a = call.floats(call.argument(0));
    DraftValue b = call.floats(call.argument(1));
    if (!a.sizes().equals(b.sizes())) {
      throw new UnsupportedOperator(
          "it takes " + a.sizes() + " and " + b.sizes() + "; expected equal sizes");
    }
    DraftValue difference =
        ComposedRules.step(call, ComposedRules.binary(call, "sub", a, b), "difference", a.sizes());
    DraftValue shifted =
        ComposedRules.step(
            call,
            ComposedRules.binary(call, "add", difference, call.value(eps)),
            "shifted",
            a.sizes());
    long[] dims = {a.sizes().rank() - 1};
    return norm(call, shifted, order, dims, keeps, call.name(), call.sizes());
  }
}
