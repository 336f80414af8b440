// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes recorded methods by hand. */
final class MethodWriter {

  private final List<GraphInput> inputs = new ArrayList<>();
  private final Map<String, GraphValue> values = new LinkedHashMap<>();
  private final List<GraphNode> nodes = new ArrayList<>();

  MethodWriter(String... names) {
    for (String name : names) {
      inputs.add(new GraphInput(name));
      values.put(name, add(Kind.INPUT, name));
    }
  }

  GraphValue input(String name) {
    return values.get(name);
  }

  GraphValue read(String path) {
    return add(Kind.GET_ATTRIBUTE, path);
  }

  GraphValue function(String operator, Object... arguments) {
    return add(Kind.CALL_FUNCTION, operator, arguments);
  }

  GraphValue call(String path, Object... arguments) {
    return add(Kind.CALL_MODULE, path, arguments);
  }

  GraphValue add(Kind kind, String target, Object... arguments) {
    GraphValue result = new GraphValue(target.replaceAll("\\W", "_") + "_" + nodes.size());
    nodes.add(new GraphNode(result, kind, target, Arrays.asList(arguments)));
    return result;
  }

  /** Add a node with blocks. */
  GraphValue control(Kind kind, List<Object> arguments, GraphBlock... blocks) {
    GraphValue result = new GraphValue("control_" + nodes.size());
    nodes.add(new GraphNode(result, kind, "", arguments, List.of(blocks), null));
    return result;
  }

  /** Take the nodes since a number of them, as those of a block. */
  GraphBlock block(int from, List<GraphValue> parameters, Object... outputs) {
    List<GraphNode> inside = new ArrayList<>(nodes.subList(from, nodes.size()));
    nodes.subList(from, nodes.size()).clear();
    return new GraphBlock(parameters, inside, Arrays.asList(outputs));
  }

  int size() {
    return nodes.size();
  }

  GraphMethod returns(Object output) {
    return new GraphMethod(inputs, nodes, output);
  }
}
