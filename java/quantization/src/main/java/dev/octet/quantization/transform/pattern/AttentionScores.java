// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.IdentityImpl;

/**
 * Reads what an attention takes the softmax of, from there backwards: the product of query and key,
 * scaled, masked, and reshaped so that a mask can be added.
 */
final class AttentionScores {

  private static final int MAX_NODES = 16;
  private static final int MAX_DEPTH = 6;

  private final Match match;
  private final MatchedMethod method;
  private final AttentionMask mask;
  private final AttentionReshapes reshapes;
  private final List<RunTimeFactor> factors = new ArrayList<>();
  private AttentionProduct product;

  /** What the scores at this place are multiplied by later. */
  private double scale = 1;

  AttentionScores(Match match) {
    this.match = match;
    method = match.method();
    mask = new AttentionMask(match);
    reshapes = new AttentionReshapes(method);
  }

  /** A number known at run time only, by which the scores are multiplied or divided. */
  private record RunTimeFactor(String operator, Object number) {}

  AttentionMask mask() {
    return mask;
  }

  double scale() {
    return scale;
  }

  AttentionOperand key() {
    return product.key();
  }

  /** The sizes of batch and heads where the scores have them apart in between, else null. */
  List<?> heads() {
    return reshapes.heads();
  }

  /** Insert the query, multiplied by what is known at run time only. */
  GraphValue insertQuery() {
    GraphValue scaled = product.query().insert(match);
    for (RunTimeFactor factor : factors) {
      scaled = match.insert(factor.operator, scaled, factor.number);
    }
    return scaled;
  }

  /** Take in that the probabilities were reshaped to three dimensions. */
  boolean join(List<?> sizes) {
    return reshapes.isEmpty() && reshapes.join(sizes);
  }

  /** Read the scores; false if they are not those of an attention. */
  boolean read(Object scores) {
    Object at = scores;
    for (int i = 0; i < MAX_NODES; i++) {
      GraphNode node = method.producer(at);
      if (node == null) {
        return false;
      }
      match.include(node.result());
      String operator = MatchedMethod.operatorOf(node);
      if (operator != null && AttentionProduct.isProduct(operator)) {
        return product(node) && reshapes.isComplete();
      }
      at = operator == null ? identity(node) : step(node, operator);
    }
    return false;
  }

  private Object identity(GraphNode node) {
    return method.module(node) instanceof IdentityImpl ? node.arguments().get(0) : null;
  }

  private boolean product(GraphNode node) {
    product = AttentionProduct.read(node, match);
    if (product == null) {
      return false;
    }
    Object addend = product.addend();
    if (addend != null && !added(addend, scale * product.addendFactor())) {
      return false;
    }
    scale *= product.scale();
    return Double.isFinite(scale);
  }

  /** Note what a node does to the scores; returns the scores before it, null if it is unknown. */
  private Object step(GraphNode node, String operator) {
    List<Object> arguments = node.arguments();
    return switch (operator) {
      case "aten::mul", "aten::div" -> scaled(node);
      case "aten::add" -> sum(node, 1);
      case "aten::sub" -> sum(node, -1);
      case "aten::masked_fill" ->
          filled(arguments.get(0), arguments.get(1), true, arguments.get(2));
      case "aten::where" -> arguments.size() == 3 ? where(arguments) : null;
      case "aten::maximum", "aten::max" ->
          arguments.size() == 2 && AttentionMask.isLowest(arguments.get(1), method)
              ? arguments.get(0)
              : null;
      case "aten::view", "aten::reshape" ->
          arguments.get(1) instanceof List<?> sizes
                  && (reshapes.isEmpty() ? mask.isEmpty() && reshapes.join(sizes) : reshape(sizes))
              ? arguments.get(0)
              : null;
      case "aten::to" -> Casts.isNeedless(node, method) ? arguments.get(0) : null;
      default -> null;
    };
  }

  private boolean reshape(List<?> sizes) {
    return reshapes.join(sizes) || reshapes.split(sizes);
  }

  private Object scaled(GraphNode node) {
    ConstantFactor constant = ConstantFactor.of(node, method);
    if (constant != null) {
      scale *= constant.number();
      return constant.other();
    }
    List<Object> arguments = node.arguments();
    boolean product = MatchedMethod.operatorOf(node).equals("aten::mul");
    if (ConstantFactor.rounds(node)) {
      return null;
    }
    for (int i = 1; i >= (product ? 0 : 1); i--) {
      Object number = filledWith(arguments.get(i));
      boolean plain = number != arguments.get(i) || node.target().endsWith(".Scalar");
      if (plain || isSingle(number)) {
        String operator = (product ? "aten::mul" : "aten::div") + (plain ? ".Scalar" : ".Tensor");
        factors.add(new RunTimeFactor(operator, number));
        return arguments.get(1 - i);
      }
    }
    return null;
  }

  /** The number that a tensor without dimensions is made of, where that is seen. */
  private Object filledWith(Object argument) {
    GraphNode node = method.producer(argument);
    return "aten::full".equals(MatchedMethod.operatorOf(node))
            && List.of().equals(node.arguments().get(0))
            && !method.aliases().isWritten(node.result())
        ? node.arguments().get(1)
        : argument;
  }

  private boolean isSingle(Object argument) {
    return Objects.equals(method.rank(argument), 0)
        || Boolean.TRUE.equals(method.attribute(argument, t -> t.dim() < 2 && t.numel() == 1));
  }

  private Object sum(GraphNode node, int sign) {
    List<Object> arguments = node.arguments();
    Double alpha = arguments.size() < 3 ? (Double) 1.0 : method.number(arguments.get(2));
    if (alpha == null || node.target().endsWith(".Scalar")) {
      return null;
    }
    double factor = scale * sign * alpha;
    if (leadsToProduct(arguments.get(0), MAX_DEPTH)) {
      return added(arguments, 1, factor) ? arguments.get(0) : null;
    }
    if (!leadsToProduct(arguments.get(1), MAX_DEPTH) || !added(arguments, 0, scale)) {
      return null;
    }
    scale = factor;
    return arguments.get(1);
  }

  /** Take in one operand of a sum whose other one is the scores. */
  private boolean added(List<Object> operands, int index, double factor) {
    Integer rank = method.rank(operands.get(index));
    Integer scoresRank = method.rank(operands.get(1 - index));
    boolean widens = rank != null && scoresRank != null && rank > scoresRank;
    return !widens && added(operands.get(index), factor);
  }

  /** What is inside of a factor known at run time only, or of a reshape, cannot be taken out. */
  private boolean added(Object value, double factor) {
    return factors.isEmpty() && reshapes.takesMasks() && mask.add(value, factor);
  }

  private Object filled(Object scores, Object condition, boolean where, Object number) {
    boolean fills =
        factors.isEmpty()
            && reshapes.takesMasks()
            && mask.fill(scores, condition, where, number, scale);
    return fills ? scores : null;
  }

  private Object where(List<Object> arguments) {
    return leadsToProduct(arguments.get(1), MAX_DEPTH)
        ? filled(arguments.get(1), arguments.get(0), false, arguments.get(2))
        : filled(arguments.get(2), arguments.get(0), true, arguments.get(1));
  }

  private boolean leadsToProduct(Object argument, int depth) {
    GraphNode node = method.producer(argument);
    String operator = MatchedMethod.operatorOf(node);
    if (operator == null || depth == 0) {
      return false;
    }
    List<Object> arguments = node.arguments();
    return switch (operator) {
      case "aten::matmul", "aten::bmm", "aten::baddbmm", "aten::einsum" -> true;
      case "aten::masked_fill",
          "aten::maximum",
          "aten::max",
          "aten::view",
          "aten::reshape",
          "aten::to",
          "aten::div" ->
          leadsToProduct(arguments.get(0), depth - 1);
      case "aten::mul", "aten::add", "aten::sub" ->
          leadsToProduct(arguments.get(0), depth - 1)
              || leadsToProduct(arguments.get(1), depth - 1);
      case "aten::where" ->
          arguments.size() == 3
              && (leadsToProduct(arguments.get(1), depth - 1)
                  || leadsToProduct(arguments.get(2), depth - 1));
      default -> false;
    };
  }
}
