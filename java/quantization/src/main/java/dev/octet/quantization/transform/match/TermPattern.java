// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import java.util.List;

/** Describes a product in a polynomial; see {@link ValuePatterns#term}. Immutable. */
public final class TermPattern {

  private final ValuePattern coefficient;
  private final List<ValuePattern> factors;

  TermPattern(ValuePattern coefficient, ValuePattern... factors) {
    this.coefficient = coefficient;
    this.factors = List.of(factors);
  }

  boolean matches(Polynomial.Term found, Match match) {
    return found.factors().size() == factors.size()
        && coefficient.matches(found.coefficient(), match)
        && Assignment.exists(factors, found.factors(), TermPattern::matches, match);
  }

  private static boolean matches(ValuePattern pattern, Polynomial.Factor found, Match match) {
    return pattern.matchesPower(found.base(), found.exponent(), match);
  }
}
