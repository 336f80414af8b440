// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphNode;
import java.util.List;

/**
 * Describes a power of a value.
 *
 * @param base what is raised
 * @param exponent to which power
 */
record PowerPattern(ValuePattern base, double exponent) implements ValuePattern {

  @Override
  public boolean matches(Object argument, Match match) {
    TermPattern term = new TermPattern(ValuePatterns.number(1), this);
    return new PolynomialPattern(List.of(term)).matches(argument, match);
  }

  @Override
  public boolean matchesPower(Object value, double power, Match match) {
    return power == exponent && match.tries(base, value) || matchesRoot(value, power, match);
  }

  /** A root that is used several times is an unknown of the polynomial: look into it. */
  private boolean matchesRoot(Object value, double power, Match match) {
    GraphNode node = match.method().producer(value);
    String operator = MatchedMethod.operatorOf(node);
    double root = "aten::sqrt".equals(operator) ? 0.5 : "aten::rsqrt".equals(operator) ? -0.5 : 0;
    if (root == 0 || power * root != exponent) {
      return false;
    }
    match.include(node.result());
    return matchesPower(node.arguments().get(0), power * root, match);
  }
}
