// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import dev.octet.quantization.transform.match.ValuePattern;
import java.util.List;

/**
 * Attention (Vaswani et al., arXiv:1706.03762): {@code softmax(scale q k^T + mask) v}, which
 * becomes {@code scaled_dot_product_attention} with the scale as an argument.
 *
 * <p>Products by {@code matmul}, {@code bmm}, {@code baddbmm} and {@code einsum}; constant factors
 * of query, key or scores; masks that are added or overwrite scores by a large negative number;
 * dropout that is not active now is left out.
 */
public final class AttentionPattern implements Pattern {

  private static final String SCORES = "scores";
  private static final String VALUE = "value";
  private static final String ORDER = "order";

  @Override
  public String name() {
    return "attention";
  }

  @Override
  public boolean mayEndAt(GraphNode node) {
    String operator = MatchedMethod.operatorOf(node);
    return operator != null
        && (operator.equals("aten::matmul")
            || operator.equals("aten::bmm")
            || operator.equals("aten::einsum"));
  }

  @Override
  public boolean matches(Match match) {
    List<Object> arguments = match.root().arguments();
    if (!MatchedMethod.operatorOf(match.root()).equals("aten::einsum")) {
      return isAttention(arguments.get(0), operand(arguments.get(1)), match);
    }
    return arguments.get(0) instanceof String equation
        && arguments.get(1) instanceof List<?> operands
        && operands.size() == 2
        && (match.tries(einsum(equation, 0), operands)
            || match.tries(einsum(equation, 1), operands));
  }

  private static ValuePattern einsum(String equation, int rows) {
    return (operands, match) -> {
      EinsumProduct product = EinsumProduct.of(equation, rows);
      boolean ordered =
          product != null
              && EinsumProduct.isIdentity(product.rowsOrder())
              && (!product.open() || EinsumProduct.isIdentity(product.resultOrder()));
      List<?> both = (List<?>) operands;
      return ordered
          && both.get(1 - rows) instanceof GraphValue value
          && isAttention(
              both.get(rows), product.operand(value, product.columnsOrder()).swapped(), match)
          && match.bind(ORDER, product.resultOrder());
    };
  }

  private static AttentionOperand operand(Object argument) {
    return argument instanceof GraphValue value ? AttentionOperand.of(value) : null;
  }

  private static boolean isAttention(Object probabilities, AttentionOperand value, Match match) {
    AttentionScores scores = new AttentionProbabilities(match).read(probabilities);
    return value != null
        && scores != null
        && match.bind(SCORES, scores)
        && match.bind(VALUE, value);
  }

  @Override
  public GraphValue rewrite(Match match) {
    AttentionScores scores = (AttentionScores) match.bound(SCORES);
    GraphValue query = scores.insertQuery();
    GraphValue key = scores.key().insert(match);
    GraphValue value = ((AttentionOperand) match.bound(VALUE)).insert(match);
    List<?> heads = scores.heads();
    if (heads != null) {
      query = match.insert("aten::unflatten.int", query, 0L, heads);
      key = match.insert("aten::unflatten.int", key, 0L, heads);
      value = match.insert("aten::unflatten.int", value, 0L, heads);
    }
    GraphValue mask = scores.mask().insert(query);
    GraphValue result =
        match.insert(
            "aten::scaled_dot_product_attention",
            query,
            key,
            value,
            mask,
            0.0,
            false,
            scores.scale());
    if (heads != null) {
      return match.insert("aten::flatten.using_ints", result, 0L, 1L);
    }
    List<?> order = (List<?>) match.bound(ORDER);
    return order == null || isIdentity(order)
        ? result
        : match.insert("aten::permute", result, order);
  }

  @SuppressWarnings("unchecked")
  private static boolean isIdentity(List<?> order) {
    return EinsumProduct.isIdentity((List<Long>) order);
  }
}
