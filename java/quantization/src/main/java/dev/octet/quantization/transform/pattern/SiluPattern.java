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

/** The SiLU, also called Swish: {@code x sigmoid(x)} or {@code x / (1 + exp(-x))}. */
public final class SiluPattern implements Pattern {

  private static final ValuePattern X = value("x");

  private static final ValuePattern ONE_PLUS_EXP =
      polynomial(term(1), term(1, function("aten::exp", polynomial(term(-1, X)))));

  private static final ValuePattern SILU =
      oneOf(
          polynomial(term(1, X, oneOf(function("aten::sigmoid", X), module(SigmoidImpl.class, X)))),
          polynomial(term(1, X, power(ONE_PLUS_EXP, -1))));

  @Override
  public String name() {
    return "silu";
  }

  @Override
  public boolean mayEndAt(GraphNode node) {
    return ElementwiseRoots.isProduct(node);
  }

  @Override
  public boolean matches(Match match) {
    return SILU.matches(match.root().result(), match);
  }

  @Override
  public GraphValue rewrite(Match match) {
    return match.insert("aten::silu", match.bound("x"));
  }
}
