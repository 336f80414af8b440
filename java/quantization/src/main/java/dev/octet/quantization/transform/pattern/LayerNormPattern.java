// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.match.ValuePatterns.bool;
import static dev.octet.quantization.transform.match.ValuePatterns.constant;
import static dev.octet.quantization.transform.match.ValuePatterns.function;
import static dev.octet.quantization.transform.match.ValuePatterns.item;
import static dev.octet.quantization.transform.match.ValuePatterns.none;
import static dev.octet.quantization.transform.match.ValuePatterns.number;
import static dev.octet.quantization.transform.match.ValuePatterns.oneOf;
import static dev.octet.quantization.transform.match.ValuePatterns.polynomial;
import static dev.octet.quantization.transform.match.ValuePatterns.power;
import static dev.octet.quantization.transform.match.ValuePatterns.term;
import static dev.octet.quantization.transform.match.ValuePatterns.value;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.FunctionPattern;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.TermPattern;
import dev.octet.quantization.transform.match.ValuePattern;

/**
 * Layer normalization (Ba, Kiros and Hinton, arXiv:1607.06450) over the last dimensions: {@code (x
 * - mean(x)) / sqrt(var(x) + eps)}, and that times a weight.
 *
 * <p>The variance divides by n; it may be spelled as the mean of squares. {@link NormAffinePattern}
 * takes in a weight and a bias that come later.
 */
public final class LayerNormPattern implements Pattern {

  private static final ValuePattern X = value(NormParts.X);
  private static final TermPattern EPS = constant(NormParts.EPS);
  private static final ValuePattern WEIGHT = NormParts.perElement(NormParts.WEIGHT);

  private static final ValuePattern MEAN =
      oneOf(NormParts.mean(X), item(1, statistics("aten::var_mean", false)));

  private static final ValuePattern DIFFERENCE = polynomial(term(1, X), term(-1, MEAN));

  /** Of a difference that has a value of its own, or one computed anew and multiplied out. */
  private static final ValuePattern SQUARE =
      oneOf(
          polynomial(term(1, power(DIFFERENCE, 2))),
          polynomial(term(1, power(X, 2)), term(-2, X, MEAN), term(1, power(MEAN, 2))));

  private static final ValuePattern VARIANCE =
      oneOf(
          statistics("aten::var", false),
          item(0, statistics("aten::var_mean", false)),
          NormParts.mean(SQUARE));

  private static final ValuePattern STD = statistics("aten::std", false);
  private static final ValuePattern UNBIASED_VARIANCE = statistics("aten::var", true);
  private static final ValuePattern UNBIASED_STD = statistics("aten::std", true);

  private static final ValuePattern LAYER_NORM = normalized(inverseStd(VARIANCE, STD));

  private static final ValuePattern UNBIASED =
      normalized(inverseStd(UNBIASED_VARIANCE, UNBIASED_STD));

  private static final ValuePattern EPS_OUTSIDE =
      normalized(
          power(polynomial(term(1, oneOf(STD, UNBIASED_STD, power(VARIANCE, 0.5))), EPS), -1));

  /** Statistics over the last dimensions; unbiased ones divide by n - 1. */
  private static ValuePattern statistics(String operator, boolean unbiased) {
    FunctionPattern any =
        function(operator, X).with("dim", NormParts.LAST_DIMS).with("keepdim", bool(true));
    return oneOf(
        any.with("unbiased", bool(unbiased)),
        any.with("correction", unbiased ? oneOf(none(), number(1)) : number(0)));
  }

  private static ValuePattern inverseStd(ValuePattern variance, ValuePattern std) {
    return oneOf(
        power(polynomial(term(1, variance), EPS), -0.5),
        power(polynomial(term(1, power(std, 2)), EPS), -0.5),
        power(variance, -0.5),
        power(std, -1));
  }

  private static ValuePattern normalized(ValuePattern inverse) {
    return oneOf(
        polynomial(term(1, inverse, DIFFERENCE)),
        polynomial(term(1, inverse, X), term(-1, inverse, MEAN)),
        polynomial(term(1, inverse, DIFFERENCE, WEIGHT)),
        polynomial(term(1, inverse, X, WEIGHT), term(-1, inverse, MEAN, WEIGHT)));
  }

  @Override
  public String name() {
    return "layer-norm";
  }

  @Override
  public boolean mayEndAt(GraphNode node) {
    return ElementwiseRoots.isProduct(node) || ElementwiseRoots.isSum(node);
  }

  @Override
  public boolean matches(Match match) {
    GraphValue root = match.root().result();
    if (match.tries(LAYER_NORM, root)) {
      return true;
    }
    if (match.tries(UNBIASED, root)) {
      return match.refuse("the variance is unbiased: it divides by n - 1, aten::layer_norm by n");
    }
    if (match.tries(EPS_OUTSIDE, root)) {
      return match.refuse(
          "eps is added to the standard deviation; aten::layer_norm adds it to the variance");
    }
    return false;
  }

  @Override
  public GraphValue rewrite(Match match) {
    return match.insert(
        "aten::layer_norm",
        match.bound(NormParts.X),
        NormParts.normalizedShape(match),
        match.bound(NormParts.WEIGHT),
        null,
        match.number(NormParts.EPS, 0));
  }
}
