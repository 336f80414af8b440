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
    rules.put("aten::scaled_dot_product_attention", ProductRules::attention);
  }

  private static DraftValue matmul(Call call) {
    return call.finish(
        call.operation("matmul")
            .input("a", call.real(0))
            .input("b", call.real(1))
            .set("transpose_b", false));
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
            call.operation("matmul").input("a", q).input("b", k).set("transpose_b", true),
            call.name() + "_scores",
            ElementType.F32,
            null,
            scoreSizes);
    DraftOperation softmax = terms(call, call.operation("softmax").input("x", scores), scale);
    DraftValue probabilities =
        call.finish(softmax, call.name() + "_probabilities", ElementType.F32, null, scoreSizes);
    return call.finish(
        call.operation("matmul")
            .input("a", probabilities)
            .input("b", v)
            .set("transpose_b", false)
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
