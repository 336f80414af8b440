// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.List;
import java.util.Objects;

/**
 * Reads the product of query and key, and the constants that they alone are multiplied by: by
 * {@code matmul}, {@code bmm}, {@code baddbmm} or {@code einsum}.
 */
final class AttentionProduct {

  private static final int MAX_NODES = 8;

  private final Match match;
  private final MatchedMethod method;
  private double scale = 1;
  private AttentionOperand query;
  private AttentionOperand key;
  private Object addend;
  private double addendFactor;

  private AttentionProduct(Match match) {
    this.match = match;
    method = match.method();
  }

  static boolean isProduct(String operator) {
    return operator.equals("aten::matmul")
        || operator.equals("aten::bmm")
        || operator.equals("aten::baddbmm")
        || operator.equals("aten::einsum");
  }

  /** Read a node of a product; null if it is none of query and key. */
  static AttentionProduct read(GraphNode node, Match match) {
    AttentionProduct product = new AttentionProduct(match);
    return product.read(node) && Double.isFinite(product.scale) ? product : null;
  }

  double scale() {
    return scale;
  }

  AttentionOperand query() {
    return query;
  }

  AttentionOperand key() {
    return key;
  }

  /** What {@code baddbmm} adds; null if nothing. */
  Object addend() {
    return addend;
  }

  /** The factor of what is added. */
  double addendFactor() {
    return addendFactor;
  }

  private boolean read(GraphNode node) {
    List<Object> arguments = node.arguments();
    return switch (MatchedMethod.operatorOf(node)) {
      case "aten::einsum" -> einsum(arguments);
      case "aten::baddbmm" -> baddbmm(arguments);
      case "aten::bmm" -> product(arguments.get(0), arguments.get(1), true);
      default -> product(arguments.get(0), arguments.get(1), false);
    };
  }

  private boolean baddbmm(List<Object> arguments) {
    Double beta = method.number(arguments.get(3));
    Double alpha = method.number(arguments.get(4));
    if (beta == null || alpha == null) {
      return false;
    }
    if (beta != 0 && !isZero(arguments.get(0))) {
      addend = arguments.get(0);
      addendFactor = beta;
    }
    scale = alpha;
    return product(arguments.get(1), arguments.get(2), true);
  }

  /** Zeros are often added for form's sake. */
  private boolean isZero(Object argument) {
    String operator = MatchedMethod.operatorOf(method.producer(argument));
    boolean zeros = "aten::zeros".equals(operator) || "aten::zeros_like".equals(operator);
    return zeros && !method.aliases().isWritten((GraphValue) argument);
  }

  private boolean product(Object rows, Object columns, boolean batched) {
    if (Objects.equals(method.rank(rows), 1)) {
      return false;
    }
    query = AttentionOperand.of(unscaled(rows));
    GraphValue right = unscaled(columns);
    key = AttentionOperand.transposeOf(right, method);
    if (key == null) {
      Integer rank = method.rank(right);
      key = batched || rank != null && rank > 2 ? AttentionOperand.of(right).swapped() : null;
    } else if (!key.value().equals(right)) {
      key = unscaledBefore(right, key);
    }
    return key != null;
  }

  /** The key without the constants that it was multiplied by before it was transposed. */
  private AttentionOperand unscaledBefore(GraphValue transposed, AttentionOperand operand) {
    GraphNode node = method.producer(transposed);
    if (!method.isPrivate(node, match.root())) {
      return operand;
    }
    match.include(transposed);
    return new AttentionOperand(unscaled(operand.value()), operand.order(), operand.swapsLast());
  }

  /** The value without the constants that it alone is multiplied by. */
  private GraphValue unscaled(Object argument) {
    GraphValue at = (GraphValue) argument;
    for (int i = 0; i < MAX_NODES; i++) {
      GraphNode node = method.producer(at);
      ConstantFactor factor = ConstantFactor.of(node, method);
      if (factor == null || !method.isPrivate(node, match.root())) {
        break;
      }
      match.include(node.result());
      scale *= factor.number();
      at = factor.other();
    }
    return at;
  }

  private boolean einsum(List<Object> arguments) {
    if (!(arguments.get(0) instanceof String equation)
        || !(arguments.get(1) instanceof List<?> operands)) {
      return false;
    }
    for (int rows = 0; rows < 2; rows++) {
      EinsumProduct product = EinsumProduct.of(equation, rows);
      if (product != null && EinsumProduct.isIdentity(product.resultOrder())) {
        query = product.operand(unscaled(operands.get(rows)), product.rowsOrder());
        key = product.operand(unscaled(operands.get(1 - rows)), product.columnsOrder());
        return true;
      }
    }
    return false;
  }
}
