// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A sum of products of powers of values: the form in which all spellings of an element by element
 * computation are the same. Immutable.
 *
 * @param terms the products, like ones gathered
 */
record Polynomial(List<Term> terms) {

  private static final int MAX_TERMS = 8;
  private static final int MAX_FACTORS = 6;

  /**
   * A product.
   *
   * @param coefficient its constant factor, not 0
   * @param factors its other factors, each value once, ordered by name
   */
  record Term(double coefficient, List<Factor> factors) {

    Term power(double exponent) {
      return new Term(
          Math.pow(coefficient, exponent),
          factors.stream().map(f -> new Factor(f.base, f.exponent * exponent)).toList());
    }
  }

  /**
   * A power of a value.
   *
   * @param base the value
   * @param exponent not 0
   */
  record Factor(GraphValue base, double exponent) {}

  static Polynomial constant(double number) {
    return number == 0 ? null : new Polynomial(List.of(new Term(number, List.of())));
  }

  static Polynomial of(GraphValue value, double exponent) {
    return new Polynomial(List.of(new Term(1, List.of(new Factor(value, exponent)))));
  }

  /** The polynomial times a number; null for 0. */
  Polynomial times(double number) {
    if (number == 0 || number == 1) {
      return number == 0 ? null : this;
    }
    List<Term> times = new ArrayList<>(terms.size());
    for (Term term : terms) {
      times.add(new Term(term.coefficient * number, term.factors));
    }
    return new Polynomial(times);
  }

  /** The sum; null where terms cancel, or there are too many. */
  static Polynomial sum(Polynomial a, Polynomial b) {
    List<Term> terms = new ArrayList<>(a.terms);
    for (Term term : b.terms) {
      if (!gather(term, terms)) {
        return null;
      }
    }
    return terms.size() > MAX_TERMS ? null : new Polynomial(List.copyOf(terms));
  }

  private static boolean gather(Term term, List<Term> terms) {
    for (int i = 0; i < terms.size(); i++) {
      Term other = terms.get(i);
      if (other.factors.equals(term.factors)) {
        double coefficient = other.coefficient + term.coefficient;
        terms.set(i, new Term(coefficient, term.factors));
        return Math.abs(coefficient) > 1e-12 * Math.abs(term.coefficient);
      }
    }
    return terms.add(term);
  }

  /** The product; null where factors cancel, or there are too many terms or factors. */
  static Polynomial product(Polynomial a, Polynomial b) {
    if (a.isConstant()) {
      return b.times(a.terms.get(0).coefficient);
    }
    if (b.isConstant()) {
      return a.times(b.terms.get(0).coefficient);
    }
    List<Term> terms = new ArrayList<>();
    for (Term left : a.terms) {
      for (Term right : b.terms) {
        List<Factor> factors = product(left.factors, right.factors);
        if (factors == null
            || !gather(new Term(left.coefficient * right.coefficient, factors), terms)) {
          return null;
        }
      }
    }
    return terms.size() > MAX_TERMS ? null : new Polynomial(List.copyOf(terms));
  }

  private boolean isConstant() {
    return terms.size() == 1 && terms.get(0).factors.isEmpty();
  }

  private static List<Factor> product(List<Factor> a, List<Factor> b) {
    List<Factor> factors = new ArrayList<>(a);
    for (Factor factor : b) {
      int at = 0;
      while (at < factors.size() && factors.get(at).base != factor.base) {
        at++;
      }
      if (at == factors.size()) {
        factors.add(factor);
        continue;
      }
      double exponent = factors.get(at).exponent + factor.exponent;
      if (exponent == 0) {
        return null;
      }
      factors.set(at, new Factor(factor.base, exponent));
    }
    factors.sort(Comparator.comparing(factor -> factor.base.name()));
    return factors.size() > MAX_FACTORS ? null : List.copyOf(factors);
  }

  /** The power to a whole number above 0; null where it has too many terms or factors. */
  Polynomial power(int exponent) {
    Polynomial power = this;
    for (int i = 1; i < exponent && power != null; i++) {
      power = product(power, this);
    }
    return power;
  }
}
