// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.match.ValuePatterns.function;
import static dev.octet.quantization.transform.match.ValuePatterns.module;
import static dev.octet.quantization.transform.match.ValuePatterns.oneOf;
import static dev.octet.quantization.transform.match.ValuePatterns.polynomial;
import static dev.octet.quantization.transform.match.ValuePatterns.power;
import static dev.octet.quantization.transform.match.ValuePatterns.term;
import static dev.octet.quantization.transform.match.ValuePatterns.value;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.ValuePattern;
import org.bytedeco.pytorch.SigmoidImpl;
import org.bytedeco.pytorch.TanhImpl;

/**
 * The GELU, exact or in the approximation by tanh (Hendrycks and Gimpel, arXiv:1606.08415).
 *
 * <p>Exact: {@code x/2 (1 + erf(x/sqrt(2)))}, also with {@code erfc} or the normal distribution's
 * function. Approximate: {@code x/2 (1 + tanh(u))} with {@code u = sqrt(2/pi) (x + 0.044715 x^3)},
 * and {@code x sigmoid(2u)}, which is the same. {@code x sigmoid(1.702 x)} is another function.
 */
public final class GeluPattern implements Pattern {

  private static final double LINEAR = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715 * LINEAR;

  private static final ValuePattern X = value("x");

  private static final ValuePattern EXACT =
      oneOf(
          halfTimesOnePlus(function("aten::erf", polynomial(term(Math.sqrt(0.5), X)))),
          polynomial(term(0.5, X, function("aten::erfc", polynomial(term(-Math.sqrt(0.5), X))))),
          polynomial(term(1, X, function("aten::special_ndtr", X))));

  private static final ValuePattern TANH =
      oneOf(
          halfTimesOnePlus(
              oneOf(function("aten::tanh", cubic(1)), module(TanhImpl.class, cubic(1)))),
          polynomial(
              term(
                  1,
                  X,
                  oneOf(
                      function("aten::sigmoid", cubic(2)), module(SigmoidImpl.class, cubic(2))))));

  private final boolean exact;

  private GeluPattern(boolean exact) {
    this.exact = exact;
  }

  /** Return the pattern of the exact form. */
  public static GeluPattern exact() {
    return new GeluPattern(true);
  }

  /** Return the pattern of the approximation by tanh. */
  public static GeluPattern tanh() {
    return new GeluPattern(false);
  }

  private static ValuePattern halfTimesOnePlus(ValuePattern odd) {
    return polynomial(term(0.5, X), term(0.5, X, odd));
  }

  private static ValuePattern cubic(double factor) {
    return polynomial(term(factor * LINEAR, X), term(factor * CUBIC, power(X, 3)));
  }

  @Override
  public String name() {
    return exact ? "gelu" : "gelu-tanh";
  }

  @Override
  public boolean mayEndAt(GraphNode node) {
    return ElementwiseRoots.isProduct(node) || ElementwiseRoots.isSum(node);
  }

  @Override
  public boolean matches(Match match) {
    return match.tries(exact ? EXACT : TANH, match.root().result());
  }

  @Override
  public GraphValue rewrite(Match match) {
    return match.insert("aten::gelu", match.bound("x"), exact ? "none" : "tanh");
  }
}
