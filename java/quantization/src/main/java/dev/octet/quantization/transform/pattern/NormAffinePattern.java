// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.match.ValuePatterns.anything;
import static dev.octet.quantization.transform.match.ValuePatterns.function;
import static dev.octet.quantization.transform.match.ValuePatterns.none;
import static dev.octet.quantization.transform.match.ValuePatterns.oneOf;
import static dev.octet.quantization.transform.match.ValuePatterns.polynomial;
import static dev.octet.quantization.transform.match.ValuePatterns.term;
import static dev.octet.quantization.transform.match.ValuePatterns.value;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.FunctionPattern;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import dev.octet.quantization.transform.match.ValuePattern;
import java.util.List;

/**
 * A weight that {@code layer_norm} or {@code rms_norm} is multiplied by, or a bias that is added to
 * {@code layer_norm}, where they are attributes of the normalized shape.
 */
public final class NormAffinePattern implements Pattern {

  private static final String NORM = "norm";
  private static final String BIAS = "bias";

  /** The weight that the norm has already. */
  private static final String GIVEN = "given";

  private static final ValuePattern X = value(NormParts.X);
  private static final ValuePattern WEIGHT = NormParts.perElement(NormParts.WEIGHT);
  private static final ValuePattern BIAS_VALUE = NormParts.perElement(BIAS);

  private static final ValuePattern PLAIN = named(layerNorm().with(NormParts.WEIGHT, none()));
  private static final ValuePattern SCALED =
      named(layerNorm().with(NormParts.WEIGHT, oneOf(none(), value(GIVEN))));
  private static final ValuePattern RMS =
      named(
          function("aten::rms_norm", X)
              .with("normalized_shape", anything())
              .with(NormParts.WEIGHT, none())
              .with(NormParts.EPS, anything()));

  private static final ValuePattern AFFINE =
      oneOf(
          polynomial(term(1, oneOf(PLAIN, RMS), WEIGHT)),
          polynomial(term(1, SCALED), term(1, BIAS_VALUE)),
          polynomial(term(1, PLAIN, WEIGHT), term(1, BIAS_VALUE)));

  private static FunctionPattern layerNorm() {
    return function("aten::layer_norm", X)
        .with("normalized_shape", anything())
        .with(BIAS, none())
        .with(NormParts.EPS, anything())
        .with("cudnn_enable", anything());
  }

  private static ValuePattern named(ValuePattern norm) {
    return (argument, match) -> norm.matches(argument, match) && match.bind(NORM, argument);
  }

  @Override
  public String name() {
    return "norm-affine";
  }

  @Override
  public boolean mayEndAt(GraphNode node) {
    return ElementwiseRoots.isProduct(node) || ElementwiseRoots.isSum(node);
  }

  @Override
  public boolean matches(Match match) {
    return AFFINE.matches(match.root().result(), match)
        && fits(match.bound(NormParts.WEIGHT), match)
        && fits(match.bound(BIAS), match);
  }

  private static boolean fits(Object attribute, Match match) {
    return attribute == null || NormParts.fits(normalizedShape(match), attribute, match);
  }

  private static List<?> normalizedShape(Match match) {
    return (List<?>) MatchedMethod.argument(norm(match), "normalized_shape");
  }

  private static GraphNode norm(Match match) {
    return match.method().producer(match.bound(NORM));
  }

  @Override
  public GraphValue rewrite(Match match) {
    GraphNode norm = norm(match);
    Object weight = match.bound(NormParts.WEIGHT);
    Object bias = match.bound(BIAS);
    List<Object> shape = NormParts.shapeOf(bias == null ? weight : bias, match);
    weight = weight == null ? match.bound(GIVEN) : weight;
    Object eps = MatchedMethod.argument(norm, NormParts.EPS);
    return MatchedMethod.operatorOf(norm).equals("aten::rms_norm")
        ? match.insert("aten::rms_norm", match.bound(NormParts.X), shape, weight, eps)
        : match.insert("aten::layer_norm", match.bound(NormParts.X), shape, weight, bias, eps);
  }
}
