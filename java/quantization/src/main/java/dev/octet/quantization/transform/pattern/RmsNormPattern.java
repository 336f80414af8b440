// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.match.ValuePatterns.constant;
import static dev.octet.quantization.transform.match.ValuePatterns.oneOf;
import static dev.octet.quantization.transform.match.ValuePatterns.polynomial;
import static dev.octet.quantization.transform.match.ValuePatterns.power;
import static dev.octet.quantization.transform.match.ValuePatterns.term;
import static dev.octet.quantization.transform.match.ValuePatterns.value;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import dev.octet.quantization.transform.match.ValuePattern;

/**
 * Normalization by the root of the mean square (Zhang and Sennrich, arXiv:1910.07467) over the last
 * dimensions: {@code x / sqrt(mean(x^2) + eps)}, and that times a weight.
 */
public final class RmsNormPattern implements Pattern {

  private static final ValuePattern X = value(NormParts.X);
  private static final ValuePattern WEIGHT = NormParts.perElement(NormParts.WEIGHT);

  private static final ValuePattern INVERSE_RMS =
      power(
          polynomial(
              term(1, NormParts.mean(polynomial(term(1, power(X, 2))))), constant(NormParts.EPS)),
          -0.5);

  /** The input itself, or what it was before it was cast to 32 bits for the mean, as in T5. */
  private static final ValuePattern INPUT = oneOf(X, RmsNormPattern::isUncast);

  private static final ValuePattern RMS_NORM =
      oneOf(
          polynomial(term(1, INVERSE_RMS, INPUT)), polynomial(term(1, INVERSE_RMS, INPUT, WEIGHT)));

  private static boolean isUncast(Object argument, Match match) {
    GraphNode cast = match.method().producer(match.bound(NormParts.X));
    return "aten::to".equals(MatchedMethod.operatorOf(cast))
        && Casts.isWide(MatchedMethod.argument(cast, "dtype"))
        && cast.arguments().get(0) == argument;
  }

  @Override
  public String name() {
    return "rms-norm";
  }

  @Override
  public boolean mayEndAt(GraphNode node) {
    return ElementwiseRoots.isProduct(node);
  }

  @Override
  public boolean matches(Match match) {
    return RMS_NORM.matches(match.root().result(), match);
  }

  @Override
  public GraphValue rewrite(Match match) {
    return match.insert(
        "aten::rms_norm",
        match.bound(NormParts.X),
        NormParts.normalizedShape(match),
        match.bound(NormParts.WEIGHT),
        match.number(NormParts.EPS, 0));
  }
}
