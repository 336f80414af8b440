// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.MatchedMethod;

/**
 * A product or quotient of a value and a constant.
 *
 * @param other the value
 * @param number what it is multiplied by
 */
record ConstantFactor(GraphValue other, double number) {

  /** What a node computes; null if it is something else. */
  static ConstantFactor of(GraphNode node, MatchedMethod method) {
    String operator = MatchedMethod.operatorOf(node);
    boolean product = "aten::mul".equals(operator);
    if (!product && !"aten::div".equals(operator) || rounds(node)) {
      return null;
    }
    for (int i = product ? 0 : 1; i < 2; i++) {
      Double number = method.number(node.arguments().get(i));
      if (number != null && node.arguments().get(1 - i) instanceof GraphValue other) {
        return new ConstantFactor(other, product ? number : 1 / number);
      }
    }
    return null;
  }

  /** Whether a node is a division with a rounding mode. */
  static boolean rounds(GraphNode node) {
    return node.arguments().size() > 2 && node.arguments().get(2) != null;
  }
}
