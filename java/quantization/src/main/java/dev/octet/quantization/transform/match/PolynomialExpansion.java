// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.OperatorSchema;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the polynomials that nodes compute.
 *
 * <p>A node is taken apart, and what it is made of as long as nothing else uses that; everything
 * else is an unknown of the polynomial. What was found is remembered.
 */
final class PolynomialExpansion {

  private static final int MAX_NODES = 16;
  private static final int MAX_POWER = 4;

  /** Overloads on tensors; others of the same names are for numbers, strings and lists. */
  private static final Set<String> OVERLOADS =
      Set.of("", ".Tensor", ".Scalar", ".Tensor_Scalar", ".Tensor_Tensor");

  private final MatchedMethod method;
  private final Map<GraphValue, Expanded> known = new HashMap<>();

  PolynomialExpansion(MatchedMethod method) {
    this.method = method;
  }

  /**
   * A polynomial and where it comes from.
   *
   * @param polynomial the polynomial
   * @param nodes the results of the nodes that were taken apart
   */
  record Expanded(Polynomial polynomial, List<GraphValue> nodes) {

    static Expanded unknown(GraphValue value, double exponent) {
      return new Expanded(Polynomial.of(value, exponent), List.of());
    }

    static Expanded constant(double number) {
      Polynomial constant = Polynomial.constant(number);
      return constant == null ? null : new Expanded(constant, List.of());
    }

    /** With another polynomial; null if there is none. */
    Expanded with(Polynomial other) {
      return other == null ? null : new Expanded(other, nodes);
    }

    Expanded with(GraphValue node) {
      List<GraphValue> all = new ArrayList<>(nodes);
      all.add(node);
      return new Expanded(polynomial, all);
    }

    Expanded times(double number) {
      return Double.isNaN(number) ? null : with(polynomial.times(number));
    }

    static Expanded sum(Expanded a, Expanded b) {
      return a == null || b == null
          ? null
          : joined(a, b).with(Polynomial.sum(a.polynomial, b.polynomial));
    }

    static Expanded product(Expanded a, Expanded b) {
      return a == null || b == null
          ? null
          : joined(a, b).with(Polynomial.product(a.polynomial, b.polynomial));
    }

    private static Expanded joined(Expanded a, Expanded b) {
      if (a.nodes.isEmpty() || b.nodes.isEmpty()) {
        return a.nodes.isEmpty() ? b : a;
      }
      List<GraphValue> all = new ArrayList<>(a.nodes);
      all.addAll(b.nodes);
      return new Expanded(a.polynomial, all);
    }
  }

  /** Forget everything, since the method has changed. */
  void clear() {
    known.clear();
  }

  /** The polynomial of a node, which is taken apart whoever uses it. */
  Expanded of(GraphNode node) {
    Expanded expanded = apart(node, MAX_NODES);
    return expanded == null ? Expanded.unknown(node.result(), 1) : expanded;
  }

  /** What is found by taking a node apart; null if that gives no polynomial. */
  private Expanded apart(GraphNode node, int depth) {
    if (known.containsKey(node.result())) {
      return known.get(node.result());
    }
    Expanded expanded = operation(node, depth);
    if (expanded != null) {
      expanded = expanded.with(node.result());
      expanded = expanded.nodes.size() > MAX_NODES ? null : expanded;
    }
    known.put(node.result(), expanded);
    return expanded;
  }

  /** What the node's operator makes of its arguments; null if that is no polynomial. */
  private Expanded operation(GraphNode node, int depth) {
    String name = MatchedMethod.operatorOf(node);
    if (name == null || !OVERLOADS.contains(overload(node.target()))) {
      return null;
    }
    return switch (name) {
      case "aten::add" -> sum(node, depth, 1, alpha(node));
      case "aten::sub", "aten::subtract" -> sum(node, depth, 1, -alpha(node));
      case "aten::rsub" -> sum(node, depth, -alpha(node), 1);
      case "aten::mul", "aten::multiply" ->
          Expanded.product(operand(node, 0, depth), operand(node, 1, depth));
      case "aten::div", "aten::divide", "aten::true_divide" ->
          Expanded.product(operand(node, 0, depth), power(node, 1, -1, depth));
      case "aten::addcmul" -> addcmul(node, depth);
      case "aten::neg", "aten::negative" -> times(operand(node, 0, depth), -1);
      case "aten::square" -> power(node, 0, 2, depth);
      case "aten::sqrt" -> power(node, 0, 0.5, depth);
      case "aten::rsqrt" -> power(node, 0, -0.5, depth);
      case "aten::reciprocal" -> power(node, 0, -1, depth);
      case "aten::pow" -> {
        Double exponent = method.number(node.arguments().get(1));
        yield exponent == null ? null : power(node, 0, exponent, depth);
      }
      default -> null;
    };
  }

  private static String overload(String operator) {
    return operator.substring(OperatorSchema.baseName(operator).length());
  }

  private double alpha(GraphNode node) {
    List<Object> arguments = node.arguments();
    Double alpha = arguments.size() < 3 ? (Double) 1.0 : method.number(arguments.get(2));
    return alpha == null ? Double.NaN : alpha;
  }

  private Expanded sum(GraphNode node, int depth, double first, double second) {
    return Expanded.sum(
        times(operand(node, 0, depth), first), times(operand(node, 1, depth), second));
  }

  private Expanded addcmul(GraphNode node, int depth) {
    Expanded product = Expanded.product(operand(node, 1, depth), operand(node, 2, depth));
    Double factor = method.number(node.arguments().get(3));
    return factor == null ? null : Expanded.sum(operand(node, 0, depth), times(product, factor));
  }

  private static Expanded times(Expanded a, double number) {
    return a == null ? null : a.times(number);
  }

  private Expanded operand(GraphNode node, int index, int depth) {
    Object argument = node.arguments().get(index);
    Double number = method.number(argument);
    if (number != null) {
      return Expanded.constant(number);
    }
    GraphNode producer = method.producer(argument);
    if (producer != null && depth > 0 && method.isPrivate(producer, node)) {
      Expanded inner = apart(producer, depth - 1);
      if (inner != null) {
        return inner;
      }
    }
    return argument instanceof GraphValue value ? Expanded.unknown(value, 1) : null;
  }

  private Expanded power(GraphNode node, int index, double exponent, int depth) {
    Object argument = node.arguments().get(index);
    Double number = method.number(argument);
    if (number != null) {
      return Expanded.constant(Math.pow(number, exponent));
    }
    if (!(argument instanceof GraphValue value) || exponent == 0) {
      return null;
    }
    Expanded power =
        exponent == Math.rint(exponent) ? wholePower(operand(node, index, depth), exponent) : null;
    return power == null ? Expanded.unknown(value, exponent) : power;
  }

  private static Expanded wholePower(Expanded base, double exponent) {
    List<Polynomial.Term> terms = base.polynomial.terms();
    if (terms.size() == 1) {
      return base.with(new Polynomial(List.of(terms.get(0).power(exponent))));
    }
    boolean multiplied = exponent > 0 && exponent <= MAX_POWER;
    return multiplied ? base.with(base.polynomial.power((int) exponent)) : null;
  }
}
