// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphAliases;
import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.OperatorSchema;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Knows the values of a method that are the same number in every run: constants without dimensions
 * and what is computed of them. Parameters and buffers are no constants, since a state dict may
 * change them.
 */
final class ConstantNumbers {

  private static final Set<Long> REAL_TYPES =
      Set.of(
          (long) ScalarType.Half.value,
          (long) ScalarType.BFloat16.value,
          (long) ScalarType.Float.value,
          (long) ScalarType.Double.value);

  private final GraphModule graph;
  private final GraphAliases aliases;
  private final Map<GraphValue, Double> numbers = new HashMap<>();
  private final Map<GraphModule, Set<String>> written = new HashMap<>();

  ConstantNumbers(GraphModule graph, GraphAliases aliases, List<GraphNode> nodes) {
    this.graph = graph;
    this.aliases = aliases;
    nodes.forEach(this::add);
  }

  /** Take the next node in. */
  void add(GraphNode node) {
    Double number =
        switch (node.kind()) {
          case GET_ATTRIBUTE -> attribute(node.target());
          case CALL_FUNCTION -> function(node);
          default -> null;
        };
    if (number != null && !aliases.isWritten(node.result())) {
      numbers.put(node.result(), number);
    }
  }

  /** The number that an argument is; null if it is none, or not known. */
  Double of(Object argument) {
    if (argument instanceof GraphValue value) {
      return numbers.get(value);
    }
    return argument instanceof Number number ? (Double) number.doubleValue() : null;
  }

  private Double attribute(String path) {
    int dot = path.lastIndexOf('.');
    Module owner = dot < 0 ? graph : graph.child(path.substring(0, dot));
    String name = path.substring(dot + 1);
    if (!(owner instanceof GraphModule holder)) {
      return null;
    }
    GraphAttribute attribute = holder.attributes().get(name);
    if (attribute == null
        || attribute.kind() != GraphAttribute.Kind.CONSTANT
        || written.computeIfAbsent(graph, ConstantNumbers::written).contains(path)
        || written.computeIfAbsent(holder, ConstantNumbers::written).contains(name)) {
      return null;
    }
    return number(attribute.tensor());
  }

  private static Set<String> written(GraphModule holder) {
    Set<String> names = new HashSet<>();
    for (GraphMethod method : holder.methods().values()) {
      GraphNodes.visit(
          method.nodes(),
          node -> {
            if (node.kind() == GraphNode.Kind.SET_ATTRIBUTE) {
              names.add(node.target());
            }
          });
    }
    return names;
  }

  private static Double number(Tensor tensor) {
    boolean real = !tensor.is_complex() && tensor.dim() == 0;
    return real ? (Double) tensor.item_double() : null;
  }

  private Double function(GraphNode node) {
    List<Object> arguments = node.arguments();
    Double first = arguments.isEmpty() ? null : of(arguments.get(0));
    String name = OperatorSchema.baseName(node.target());
    if (name.equals("aten::full")) {
      return List.of().equals(arguments.get(0)) ? of(arguments.get(1)) : null;
    }
    if (first == null) {
      return null;
    }
    Double second = arguments.size() < 2 ? null : of(arguments.get(1));
    return switch (name) {
      case "aten::sqrt" -> Math.sqrt(first);
      case "aten::rsqrt" -> 1 / Math.sqrt(first);
      case "aten::neg" -> -first;
      case "aten::reciprocal" -> 1 / first;
      case "aten::Float",
          "aten::FloatImplicit",
          "aten::ScalarImplicit",
          "aten::scalar_tensor",
          "aten::tensor",
          "prim::NumToTensor" ->
          first;
      case "aten::to" -> isReal(arguments.get(1)) ? first : null;
      case "aten::Int", "aten::IntImplicit" -> (Double) (double) first.longValue();
      case "aten::mul" -> second == null ? null : (Double) (first * second);
      case "aten::div" -> second == null || rounds(arguments) ? null : (Double) (first / second);
      case "aten::pow" -> second == null ? null : (Double) Math.pow(first, second);
      default -> null;
    };
  }

  /** Whether an argument is the code of a type of real numbers. */
  private static boolean isReal(Object type) {
    return type instanceof Long code && REAL_TYPES.contains(code);
  }

  private static boolean rounds(List<Object> arguments) {
    return arguments.size() > 2 && arguments.get(2) != null;
  }
}
