// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Reads sizes from where they come: of a product of matrices from its factors, of what was scaled
 * or reordered from what it was before. What lies between may be replaced then.
 */
final class SizeReads {

  private static final Set<String> SAME_SHAPE =
      Set.of(
          "aten::softmax",
          "aten::dropout",
          "aten::to",
          "aten::type_as",
          "aten::contiguous",
          "aten::neg",
          "aten::clone");

  private static final Set<String> ARITHMETIC =
      Set.of("aten::add", "aten::sub", "aten::mul", "aten::div");

  private final MatchedMethod method;

  SizeReads(MatchedMethod method) {
    this.method = method;
  }

  /** A dimension of a value, counted from the last: -1 is the last. */
  private record Place(Object value, long dim) {}

  void lift() {
    GraphEditor editor = method.editor();
    for (GraphNode node : editor.nodes()) {
      Place from = node.target().equals("aten::size.int") ? place(node) : null;
      Place to = from == null ? null : origin(from);
      if (to != null && to.value() != from.value()) {
        GraphValue size = method.insert(node, "aten::size.int", List.of(to.value(), to.dim()));
        editor.replaceUses(node.result(), size);
        editor.erase(node.result());
      }
    }
  }

  private Place place(GraphNode node) {
    Object value = node.arguments().get(0);
    if (!(node.arguments().get(1) instanceof Long dim)) {
      return null;
    }
    Integer rank = method.rank(value);
    return dim < 0 ? new Place(value, dim) : rank == null ? null : new Place(value, dim - rank);
  }

  private Place origin(Place place) {
    Place at = place;
    for (Place next = before(at); next != null; next = before(at)) {
      at = next;
    }
    return at;
  }

  private Place before(Place place) {
    GraphNode node = method.producer(place.value());
    String operator = MatchedMethod.operatorOf(node);
    if (operator == null) {
      return null;
    }
    List<Object> arguments = node.arguments();
    if (SAME_SHAPE.contains(operator) || ARITHMETIC.contains(operator) && isScalar(node)) {
      return new Place(arguments.get(0), place.dim());
    }
    return switch (operator) {
      case "aten::matmul", "aten::bmm" -> factor(node, place.dim());
      case "aten::transpose" -> transposed(arguments, place.dim());
      default -> null;
    };
  }

  private boolean isScalar(GraphNode node) {
    Object other = node.arguments().get(1);
    return node.target().endsWith(".Scalar") || Objects.equals(method.rank(other), 0);
  }

  private Place factor(GraphNode node, long dim) {
    List<Object> arguments = node.arguments();
    if (!isMatrix(arguments.get(0)) || !isMatrix(arguments.get(1)) || dim < -2) {
      return null;
    }
    return new Place(arguments.get(dim == -1 ? 1 : 0), dim);
  }

  /** Whether a value is sure to have two dimensions or more. */
  private boolean isMatrix(Object argument) {
    Integer rank = method.rank(argument);
    GraphNode node = method.producer(argument);
    String operator = MatchedMethod.operatorOf(node);
    return rank != null && rank > 1
        || "aten::transpose".equals(operator)
        || "aten::mT".equals(operator);
  }

  private static Place transposed(List<Object> arguments, long dim) {
    if (!(arguments.get(1) instanceof Long a)
        || !(arguments.get(2) instanceof Long b)
        || a >= 0
        || b >= 0) {
      return null;
    }
    long from = dim == a ? b : dim == b ? a : dim;
    return new Place(arguments.get(0), from);
  }
}
