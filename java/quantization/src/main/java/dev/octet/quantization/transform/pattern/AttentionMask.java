// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What is added to the scores of an attention, and where they are overwritten by a number so low
 * that the softmax is 0 there.
 *
 * <p>Becomes the {@code attn_mask} of {@code scaled_dot_product_attention}: a boolean one if the
 * scores are set to minus infinity and nothing is added, else one that is added. A finite number
 * becomes one so low that scores vanish beside it: rows that are masked altogether then keep their
 * uniform probabilities.
 */
final class AttentionMask {

  /** Numbers up to this count as masking; e to a score this far below the others is 0. */
  private static final double MASKING = -1e3;

  /** Beside numbers up to this, whatever is added to them vanishes. */
  private static final double ABSORBING = -1e30;

  /** Within the range of bfloat16 as well. */
  private static final double LOWEST = -1e38;

  private static final Set<String> BOOLEAN_RESULTS =
      Set.of(
          "aten::eq",
          "aten::ne",
          "aten::lt",
          "aten::le",
          "aten::gt",
          "aten::ge",
          "aten::logical_not",
          "aten::logical_and",
          "aten::logical_or");

  private final Match match;
  private final List<Added> added = new ArrayList<>();
  private final List<Filled> infinite = new ArrayList<>();
  private final List<Filled> finite = new ArrayList<>();

  AttentionMask(Match match) {
    this.match = match;
  }

  private record Added(GraphValue value, double factor) {}

  /** Scores overwritten where a condition is true, or where it is false. */
  private record Filled(GraphValue condition, boolean where) {}

  /** Whether an argument is a number so low that a maximum with it changes nothing. */
  static boolean isLowest(Object argument, MatchedMethod method) {
    Double number = method.number(argument);
    return number != null && number <= ABSORBING;
  }

  boolean isEmpty() {
    return added.isEmpty() && infinite.isEmpty() && finite.isEmpty();
  }

  /** Take in something that is added to the scores, times a factor. */
  boolean add(Object value, double factor) {
    return value instanceof GraphValue bias
        && match.method().number(value) == null
        && Double.isFinite(factor)
        && added.add(new Added(bias, factor));
  }

  /** Take in a number that overwrites scores; false if it does not mask them. */
  boolean fill(Object scores, Object condition, boolean where, Object number, double factor) {
    Double constant = match.method().number(number);
    if (constant == null) {
      constant = match.method().attribute(number, t -> t.dim() == 0 ? t.item_double() : null);
    }
    if (!(unexpanded(condition, scores) instanceof GraphValue value)
        || constant == null
        || !(factor > 0)
        || !(constant * factor <= MASKING)) {
      return false;
    }
    if (!added.isEmpty() && constant * factor > ABSORBING) {
      return match.refuse(
          "scores are overwritten by "
              + constant
              + " before '"
              + added.get(0).value
              + "' is added,"
              + " which then decides where a whole row is masked");
    }
    return (Double.isInfinite(constant) ? infinite : finite).add(new Filled(value, where));
  }

  /** A condition that was expanded to the shape of the scores, before that. */
  private Object unexpanded(Object condition, Object scores) {
    GraphNode node = match.method().producer(condition);
    return "aten::expand_as".equals(MatchedMethod.operatorOf(node))
            && node.arguments().get(1) == scores
        ? node.arguments().get(0)
        : condition;
  }

  /** Insert the nodes that compute the mask; null if there is none. */
  GraphValue insert(GraphValue query) {
    if (added.isEmpty() && finite.isEmpty()) {
      return infinite.isEmpty() ? null : kept(infinite);
    }
    GraphValue mask = null;
    for (Added each : added) {
      GraphValue value =
          FloatingValues.isFloating(each.value, match.method())
              ? each.value
              : match.insert("aten::type_as", each.value, query);
      value = each.factor == 1 ? value : match.insert("aten::mul.Scalar", value, each.factor);
      mask = mask == null ? value : match.insert("aten::add.Tensor", mask, value);
    }
    if (!finite.isEmpty()) {
      GraphValue masked = match.insert("aten::type_as", masked(finite), query);
      GraphValue lowest = match.insert("aten::mul.Scalar", masked, LOWEST);
      mask = mask == null ? lowest : match.insert("aten::add.Tensor", mask, lowest);
    }
    return infinite.isEmpty()
        ? mask
        : match.insert(
            "aten::masked_fill.Scalar", mask, masked(infinite), Double.NEGATIVE_INFINITY);
  }

  /** A condition that is true where any of the fills overwrites. */
  private GraphValue masked(List<Filled> fills) {
    GraphValue masked = null;
    for (Filled fill : fills) {
      GraphValue value =
          fill.where ? fill.condition : match.insert("aten::logical_not", fill.condition);
      masked = masked == null ? value : match.insert("aten::logical_or", masked, value);
    }
    return masked;
  }

  /** A condition that is true where none of the fills overwrites. */
  private GraphValue kept(List<Filled> fills) {
    Filled only = fills.get(0);
    return fills.size() == 1 && !only.where && isBoolean(only.condition)
        ? only.condition
        : match.insert("aten::logical_not", masked(fills));
  }

  private boolean isBoolean(GraphValue value) {
    String operator = MatchedMethod.operatorOf(match.method().producer(value));
    return operator != null && BOOLEAN_RESULTS.contains(operator)
        || Boolean.TRUE.equals(
            match
                .method()
                .attribute(value, tensor -> tensor.scalar_type().intern() == ScalarType.Bool));
  }
}
