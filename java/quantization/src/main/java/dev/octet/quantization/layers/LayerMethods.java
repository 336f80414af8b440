// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes one operator as the forward of a layer. */
final class LayerMethods {

  private static final String INPUT = "input";

  private LayerMethods() {}

  /**
   * The forward that calls an operator as a node does.
   *
   * @param input what becomes its argument
   * @param slots what becomes its tensors, by name
   * @return nothing if the node uses other values as well
   */
  static Optional<GraphMethod> of(GraphNode node, GraphValue input, Map<String, Object> slots) {
    List<GraphNode> nodes = new ArrayList<>();
    Map<GraphValue, GraphValue> inside = new IdentityHashMap<>();
    inside.put(input, add(nodes, Kind.INPUT, INPUT, List.of()));
    slots.forEach(
        (name, value) ->
            inside.put((GraphValue) value, add(nodes, Kind.GET_ATTRIBUTE, name, List.of())));
    boolean[] all = {inside.size() == slots.size() + 1};
    GraphValues.used(node.arguments(), value -> all[0] &= inside.containsKey(value));
    if (!all[0]) {
      return Optional.empty();
    }
    List<Object> arguments = new ArrayList<>();
    node.arguments().forEach(each -> arguments.add(GraphValues.replace(each, inside::get)));
    return Optional.of(method(nodes, add(nodes, node.kind(), node.target(), arguments)));
  }

  /** The forward of a linear layer. */
  static GraphMethod linear(boolean bias) {
    List<GraphNode> nodes = new ArrayList<>();
    GraphValue input = add(nodes, Kind.INPUT, INPUT, List.of());
    GraphValue weight = add(nodes, Kind.GET_ATTRIBUTE, "weight", List.of());
    GraphValue summand = bias ? add(nodes, Kind.GET_ATTRIBUTE, "bias", List.of()) : null;
    return method(
        nodes,
        add(nodes, Kind.CALL_FUNCTION, "aten::linear", Arrays.asList(input, weight, summand)));
  }

  private static GraphMethod method(List<GraphNode> nodes, GraphValue output) {
    return new GraphMethod(List.of(new GraphInput(INPUT)), nodes, output);
  }

  private static GraphValue add(
      List<GraphNode> nodes, Kind kind, String target, List<Object> arguments) {
    GraphValue result = new GraphValue("value_" + nodes.size());
    nodes.add(new GraphNode(result, kind, target, arguments));
    return result;
  }
}
