// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.IdentityImpl;

/**
 * Reads what an attention takes the softmax of: the product of query and key, scaled before or
 * after, masked, and reshaped so that a mask can be added.
 */
final class AttentionScores {

  private static final int MAX_NODES = 16;
  private static final int MAX_DEPTH = 6;

  private final Match match;
  private final MatchedMethod method;
  private final AttentionMask mask;
  private final List<Divisor> divisors = new ArrayList<>();
  private double scale = 1;
  private AttentionOperand query;
  private AttentionOperand key;
  private List<?> joinedSizes;
  private List<?> splitSizes;

  AttentionScores(Match match) {
    this.match = match;
    method = match.method();
    mask = new AttentionMask(match);
  }

  /** A number known at run time only, by which the scores are multiplied or divided. */
  private record Divisor(String operator, Object number) {}

  AttentionMask mask() {
    return mask;
  }

  double scale() {
    return scale;
  }

  AttentionOperand key() {
    return key;
  }

  /** The sizes of batch and heads where the scores have them apart in between, else null. */
  List<?> splitSizes() {
    return splitSizes == null ? null : splitSizes.subList(0, 2);
  }

  /** Insert what the query is multiplied by at run time. */
  GraphValue insertQuery() {
    GraphValue scaled = query.insert(match);
    for (Divisor divisor : divisors) {
      scaled = match.insert(divisor.operator, scaled, divisor.number);
    }
    return scaled;
  }

  /** Say that scores or probabilities were reshaped to three dimensions. */
  boolean join(List<?> sizes) {
    boolean first = joinedSizes == null && mask.isEmpty() && sizes.size() == 3;
    joinedSizes = first ? sizes : joinedSizes;
    return first;
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
      if (operator == null) {
        if (!(method.module(node) instanceof IdentityImpl)) {
          return false;
        }
        at = node.arguments().get(0);
        continue;
      }
      if (isProduct(operator)) {
        return product(node, operator) && sizesAgree();
      }
      at = step(node, operator);
    }
    return false;
  }

  private static boolean isProduct(String operator) {
    return operator.equals("aten::matmul")
        || operator.equals("aten::bmm")
        || operator.equals("aten::baddbmm")
        || operator.equals("aten::einsum");
  }

  /** Note what a node does to the scores; returns the scores before it, null if it is unknown. */
  private Object step(GraphNode node, String operator) {
    List<Object> arguments = node.arguments();
    return switch (operator) {
      case "aten::mul", "aten::div" -> scaled(node);
      case "aten::add", "aten::sub" -> sum(node, operator.equals("aten::sub") ? -1 : 1);
      case "aten::masked_fill" ->
          filled(arguments.get(0), arguments.get(1), true, arguments.get(2));
      case "aten::where" -> where(arguments);
      case "aten::view", "aten::reshape" -> reshaped(arguments);
      case "aten::to" -> Casts.keepsPrecision(node) ? arguments.get(0) : null;
      default -> null;
    };
  }

  private Object scaled(GraphNode node) {
    List<Object> arguments = node.arguments();
    boolean product = MatchedMethod.operatorOf(node).equals("aten::mul");
    if (arguments.size() > 2 && arguments.get(2) != null) {
      return null;
    }
    for (int i = product ? 0 : 1; i < 2; i++) {
      Double number = method.number(arguments.get(i));
      if (number != null) {
        scale = product ? scale * number : scale / number;
        return arguments.get(1 - i);
      }
    }
    Object number = arguments.get(1);
    boolean plain = node.target().endsWith(".Scalar");
    if (plain || isSingle(number)) {
      String operator = (product ? "aten::mul" : "aten::div") + (plain ? ".Scalar" : ".Tensor");
      divisors.add(new Divisor(operator, number));
      return arguments.get(0);
    }
    return null;
  }

  private boolean isSingle(Object argument) {
    return Objects.equals(method.rank(argument), 0)
        || Boolean.TRUE.equals(method.attribute(argument, t -> t.dim() < 2 && t.numel() == 1));
  }

  private Object sum(GraphNode node, int sign) {
    List<Object> arguments = node.arguments();
    Double alpha = arguments.size() < 3 ? (Double) 1.0 : method.number(arguments.get(2));
    if (alpha == null) {
      return null;
    }
    double factor = scale * sign * alpha;
    if (leadsToProduct(arguments.get(0), MAX_DEPTH)) {
      return added(arguments.get(1), factor) ? arguments.get(0) : null;
    }
    if (!leadsToProduct(arguments.get(1), MAX_DEPTH) || !added(arguments.get(0), scale)) {
      return null;
    }
    scale = factor;
    return arguments.get(1);
  }

  /** What is inside of a scaling not known before, or of a reshaping, cannot be taken out of it. */
  private boolean added(Object value, double factor) {
    return divisors.isEmpty() && splitSizes == null && mask.add(value, factor);
  }

  private Object filled(Object scores, Object condition, boolean where, Object number) {
    boolean fills =
        divisors.isEmpty() && splitSizes == null && mask.fill(condition, where, number, scale);
    return fills ? scores : null;
  }

  private Object where(List<Object> arguments) {
    if (arguments.size() != 3) {
      return null;
    }
    return leadsToProduct(arguments.get(1), MAX_DEPTH)
        ? filled(arguments.get(1), arguments.get(0), false, arguments.get(2))
        : filled(arguments.get(2), arguments.get(0), true, arguments.get(1));
  }

  private Object reshaped(List<Object> arguments) {
    if (!(arguments.get(1) instanceof List<?> sizes)) {
      return null;
    }
    if (joinedSizes != null && splitSizes == null && sizes.size() == 4) {
      splitSizes = sizes;
      return arguments.get(0);
    }
    return join(sizes) ? arguments.get(0) : null;
  }

  /** Scores of [b * h, n, m] must have been [b, h, n, m] in between, with the same n and m. */
  private boolean sizesAgree() {
    if (joinedSizes == null || splitSizes == null) {
      return joinedSizes == splitSizes;
    }
    return method.sameNumber(joinedSizes.get(1), splitSizes.get(2))
        && method.sameNumber(joinedSizes.get(2), splitSizes.get(3));
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
      case "aten::masked_fill", "aten::view", "aten::reshape", "aten::to", "aten::div" ->
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

  private boolean product(GraphNode node, String operator) {
    List<Object> arguments = node.arguments();
    return switch (operator) {
      case "aten::einsum" -> einsum(arguments);
      case "aten::baddbmm" -> {
        Double beta = method.number(arguments.get(3));
        Double alpha = method.number(arguments.get(4));
        if (beta == null || alpha == null || beta != 0 && !added(arguments.get(0), scale * beta)) {
          yield false;
        }
        scale *= alpha;
        yield product(arguments.get(1), arguments.get(2), true);
      }
      default -> product(arguments.get(0), arguments.get(1), operator.equals("aten::bmm"));
    };
  }

  private boolean product(Object rows, Object columns, boolean batched) {
    query = AttentionOperand.of(unscaled(rows));
    key = keyOf(unscaled(columns), batched);
    return query.value() != null && key != null && Double.isFinite(scale);
  }

  /** The value without the constants that it alone is multiplied by. */
  private GraphValue unscaled(Object argument) {
    Object at = argument;
    for (int i = 0; i < MAX_NODES; i++) {
      GraphNode node = method.producer(at);
      String operator = MatchedMethod.operatorOf(node);
      boolean scales = "aten::mul".equals(operator) || "aten::div".equals(operator);
      if (!scales || !method.isPrivate(node, match.root())) {
        break;
      }
      boolean product = operator.equals("aten::mul");
      int index = product && method.number(node.arguments().get(0)) != null ? 0 : 1;
      Double number = method.number(node.arguments().get(index));
      boolean rounds = node.arguments().size() > 2 && node.arguments().get(2) != null;
      if (number == null || rounds) {
        break;
      }
      match.include(node.result());
      scale = product ? scale * number : scale / number;
      at = node.arguments().get(1 - index);
    }
    return at instanceof GraphValue value ? value : null;
  }

  /** The key, of which the second operand of the product is the transpose. */
  private AttentionOperand keyOf(GraphValue columns, boolean batched) {
    GraphNode node = method.producer(columns);
    String operator = MatchedMethod.operatorOf(node);
    if (operator != null) {
      List<Object> arguments = node.arguments();
      switch (operator) {
        case "aten::transpose", "aten::swapaxes", "aten::swapdims" -> {
          if (isLastTwo(arguments.get(1), arguments.get(2), method.rank(columns))) {
            return untransposed(node);
          }
        }
        case "aten::mT", "aten::adjoint", "aten::t" -> {
          return untransposed(node);
        }
        case "aten::permute" -> {
          AttentionOperand permuted = permuted(arguments);
          if (permuted != null) {
            return permuted.swapped();
          }
        }
        default -> {}
      }
    }
    Integer rank = method.rank(columns);
    return batched || rank != null && rank > 2 ? AttentionOperand.of(columns).swapped() : null;
  }

  private AttentionOperand untransposed(GraphNode node) {
    Object before = node.arguments().get(0);
    if (method.isPrivate(node, match.root())) {
      match.include(node.result());
      before = unscaled(before);
    }
    return before instanceof GraphValue value ? AttentionOperand.of(value) : null;
  }

  private static AttentionOperand permuted(List<Object> arguments) {
    if (!(arguments.get(0) instanceof GraphValue value)
        || !(arguments.get(1) instanceof List<?> dims)
        || dims.size() < 2
        || !dims.stream().allMatch(Long.class::isInstance)) {
      return null;
    }
    List<Long> order =
        dims.stream().map(dim -> Math.floorMod((Long) dim, (long) dims.size())).toList();
    return new AttentionOperand(value, order, false);
  }

  private static boolean isLastTwo(Object a, Object b, Integer rank) {
    if (!(a instanceof Long one) || !(b instanceof Long other)) {
      return false;
    }
    long[] dims =
        LongStream.of(one, other)
            .map(dim -> dim >= 0 && rank != null ? dim - rank : dim)
            .sorted()
            .toArray();
    return dims[0] == -2 && dims[1] == -1;
  }

  private boolean einsum(List<Object> arguments) {
    if (!(arguments.get(0) instanceof String equation)
        || !(arguments.get(1) instanceof List<?> operands)) {
      return false;
    }
    for (int rows = 0; rows < 2; rows++) {
      EinsumProduct product = EinsumProduct.of(equation, rows);
      if (product != null && EinsumProduct.isIdentity(product.resultOrder())) {
        query = operand(operands.get(rows), product.rowsOrder());
        key = operand(operands.get(1 - rows), product.columnsOrder());
        return query != null && key != null && Double.isFinite(scale);
      }
    }
    return false;
  }

  private AttentionOperand operand(Object argument, List<Long> order) {
    GraphValue value = unscaled(argument);
    return value == null ? null : new AttentionOperand(value, order, false);
  }
}
