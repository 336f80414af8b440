// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.Set;

/** The operators in which computations by element end. */
final class ElementwiseRoots {

  private static final Set<String> PRODUCTS =
      Set.of("aten::mul", "aten::multiply", "aten::div", "aten::divide", "aten::true_divide");

  private static final Set<String> SUMS =
      Set.of("aten::add", "aten::sub", "aten::subtract", "aten::addcmul");

  private ElementwiseRoots() {}

  static boolean isProduct(GraphNode node) {
    String operator = MatchedMethod.operatorOf(node);
    return operator != null && PRODUCTS.contains(operator);
  }

  static boolean isSum(GraphNode node) {
    String operator = MatchedMethod.operatorOf(node);
    return operator != null && SUMS.contains(operator);
  }
}
