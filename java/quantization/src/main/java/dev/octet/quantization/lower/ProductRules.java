// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.Map;

/** Products of two computed matrices, and attention, which is made of them. */
final class ProductRules {
  private ProductRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::matmul", ProductRules::matmul);
    rules.put("aten::bmm", ProductRules::matmul);
    rules.put("aten::mm", ProductRules::matmul);
    rules.put("aten::mv", ProductRules::matmul);
    rules.put("aten::dot", ProductRules::matmul);
    rules.put("aten::baddbmm", ProductRules::addedProduct);
    rules.put("aten::scaled_dot_product_attention", ProductRules::attention);
  }

  private static DraftValue matmul(Call call) {
    boolean layer =
        call.argument(1) instanceof ConstantTensor constant
            && constant.tensor().dim() == 2
            && !(call.argument(0) instanceof ConstantTensor);
    if (layer) {
      return LayerRules.linear(call, 0, 1, null);
    }
    return call.finish(product(call, call.real(0), call.real(1), false));
  }

  private static DraftOperation product(Call call, DraftValue a, DraftValue b, boolean transpose) {
    return call.operation("matmul").input("a", a).input("b", b).set("transpose_b", transpose);
  }

  /** Lowers {@code beta * input + alpha * (a b)}. */
  static DraftValue addedProduct(Call call) {
    double beta = call.number(3, 1);
    DraftValue product =
        call.finish(
            product(call, call.real(1), call.real(2), false),
            call.name() + "_product",
            ElementType.F32,
            null,
            call.sizes());
    product = scaled(call, product, call.number(4, 1), "_alpha");
    // torch leaves the input out then, whatever is in it.
    if (beta == 0) {
      return product;
    }
    DraftValue added = scaled(call, call.real(0), beta, "_beta");
    return call.finish(
        call.operation("binary").input("a", product).input("b", added).set("function", "add"));
  }

  private static DraftValue scaled(Call call, DraftValue x, double factor, String suffix) {
    return factor == 1
        ? x
        : call.finish(
            call.operation("binary")
                .input("a", x)
                .input("b", call.value(factor))
                .set("function", "mul"),
            call.name() + suffix,
            ElementType.F32,
            null,
            x.sizes());
  }

  /**
   * Lowers attention as the product of queries and keys, softmax, and the product with the values:
   * the simulated model puts the probabilities on no grid.
   */
  private static DraftValue attention(Call call) {
    if (call.number(4, 0) != 0) {
      throw new UnsupportedOperator("it has dropout", "call eval() before lowering");
    }
    DraftValue q = call.real(0);
    DraftValue k = call.real(1);
    DraftValue v = call.real(2);
    int rank = q.sizes().rank();
    if (!q.sizes().get(rank - 2).equals(k.sizes().get(rank - 2)) && call.flag(5)) {
      throw new UnsupportedOperator("it is causal with different numbers of queries and keys");
    }
    double scale = call.isNone(6) ? 1 / Math.sqrt(q.sizes().get(rank - 1).value()) : call.number(6);
    boolean codes = q.isOnGrid() && k.isOnGrid() && v.isOnGrid() && rank == 4;
    if (codes && call.draft().integerAttention()) {
      DraftOperation attention =
          call.operation("attention")
              .input("q", q)
              .input("k", k)
              .input("v", v)
              .reason(
                  "its probabilities are rounded to 8 bits, as LoweringOptions.integerAttention()"
                      + " allows; the simulated model does not do that");
      return call.finish(terms(call, attention, scale));
    }
    Sizes scoreSizes = q.sizes().replaced(rank - 1, rank, k.sizes().get(rank - 2));
    DraftValue scores =
        call.finish(
            product(call, q, k, true), call.name() + "_scores", ElementType.F32, null, scoreSizes);
    DraftOperation softmax = terms(call, call.operation("softmax").input("x", scores), scale);
    DraftValue probabilities =
        call.finish(softmax, call.name() + "_probabilities", ElementType.F32, null, scoreSizes);
    return call.finish(
        product(call, probabilities, v, false)
            .reason("the probabilities of attention are on no grid")
            .advise(
                codes
                    ? "allow probabilities of 8 bits: LoweringOptions.integerAttention()"
                    : "quantize the activations of the layers that make queries, keys and values,"
                        + " and allow probabilities of 8 bits: LoweringOptions.integerAttention()"));
  }

  private static DraftOperation terms(Call call, DraftOperation operation, double scale) {
    operation.set("scale", scale).set("causal", call.flag(5));
    if (!call.isNone(3)) {
      DraftValue mask = call.value(3);
      boolean chooses = mask.type() == ElementType.BOOL;
      operation.input(chooses ? "mask" : "bias", chooses ? mask : call.floats(mask));
    }
    return operation;
  }
}
