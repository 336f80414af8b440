// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphNode;
import java.util.List;

/** Describes a value by the polynomial that its node computes, whatever the spelling. */
final class PolynomialPattern implements ValuePattern {

  private final List<TermPattern> terms;

  PolynomialPattern(List<TermPattern> terms) {
    this.terms = terms;
  }

  @Override
  public boolean matches(Object argument, Match match) {
    GraphNode node = match.method().producer(argument);
    if (node == null) {
      return false;
    }
    PolynomialExpansion.Expanded expanded = match.method().polynomial(node);
    List<Polynomial.Term> found = expanded.polynomial().terms();
    if (found.size() != terms.size()) {
      return false;
    }
    expanded.nodes().forEach(match::include);
    return Assignment.exists(terms, found, TermPattern::matches, match);
  }
}
