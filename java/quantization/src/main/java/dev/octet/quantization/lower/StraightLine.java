// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Makes a method without branches of one whose branches always go the same way: the block that was
 * taken in every run takes the place of the branch.
 */
final class StraightLine {
  private final GraphModule graph;
  private final ExampleInputs inputs;
  private final Consumer<String> notes;

  StraightLine(GraphModule graph, ExampleInputs inputs, Consumer<String> notes) {
    this.graph = graph;
    this.inputs = inputs;
    this.notes = notes;
  }

  /**
   * Rewrites a method.
   *
   * @throws LoweringException for a loop, and for a branch that goes different ways or depends on
   *     the elements of an input
   */
  GraphMethod of(GraphMethod method) {
    GraphMethod straight = method;
    while (straight.nodes().stream().anyMatch(node -> !node.blocks().isEmpty())) {
      straight = decideFirst(straight);
    }
    return straight;
  }

  /** The nodes before the first branch are straight already: they tell its condition. */
  private GraphMethod decideFirst(GraphMethod method) {
    int index = 0;
    while (method.nodes().get(index).blocks().isEmpty()) {
      index++;
    }
    GraphNode branch = method.nodes().get(index);
    if (branch.kind() != GraphNode.Kind.IF) {
      throw new LoweringException(
          "node "
              + where(branch)
              + " is a loop; a program has none. Record the model by tracing, or write the loop out"
              + " with a fixed number of rounds");
    }
    boolean condition = condition(method, index, branch);
    return take(method, index, branch, branch.blocks().get(condition ? 0 : 1));
  }

  private boolean condition(GraphMethod method, int index, GraphNode branch) {
    Object argument = branch.arguments().get(0);
    if (argument instanceof Boolean constant) {
      return constant;
    }
    GraphValue value = (GraphValue) argument;
    GraphMethod before =
        new GraphMethod(method.inputs(), method.nodes().subList(0, index), argument);
    if (DataDependence.of(before).dependsOnElements(value)) {
      throw new LoweringException(
          "node "
              + where(branch)
              + " branches on the elements of an input; a program always does the same. Choose the"
              + " branch in the code around the model, or record the model by tracing");
    }
    try (Trace trace = Trace.record(graph, before, inputs)) {
      List<Object> values = trace.values(value);
      for (int run = 1; run < values.size(); run++) {
        if (!values.get(run).equals(values.get(0))) {
          throw new LoweringException(
              "node "
                  + where(branch)
                  + " takes different ways for inputs of different sizes: "
                  + values.get(0)
                  + " at "
                  + inputs.describe(0)
                  + ", "
                  + values.get(run)
                  + " at "
                  + inputs.describe(run)
                  + "; fix the sizes that decide, by lowering without their symbols");
        }
      }
      if (trace.runs() > 1) {
        notes.accept(
            "node "
                + where(branch)
                + " is lowered with its condition "
                + values.get(0)
                + ", as it was for all sizes that were tried");
      }
      return (Boolean) values.get(0);
    }
  }

  private static GraphMethod take(
      GraphMethod method, int index, GraphNode branch, GraphBlock block) {
    List<GraphNode> nodes = new ArrayList<>(method.nodes().subList(0, index));
    nodes.addAll(block.nodes());
    Map<GraphValue, Object> replacements = new IdentityHashMap<>();
    List<Object> outputs = block.outputs();
    replacements.put(branch.result(), outputs.size() == 1 ? outputs.get(0) : outputs);
    for (GraphNode node : method.nodes().subList(index + 1, method.nodes().size())) {
      GraphNode rest = GraphValues.replace(node, value -> replaced(value, replacements));
      if (rest.kind() == GraphNode.Kind.GET_ITEM && rest.arguments().get(0) instanceof List<?> l) {
        replacements.put(rest.result(), l.get(Integer.parseInt(rest.target())));
      } else {
        nodes.add(rest);
      }
    }
    Object output = GraphValues.replace(method.output(), value -> replaced(value, replacements));
    return new GraphMethod(method.inputs(), nodes, output);
  }

  private static Object replaced(GraphValue value, Map<GraphValue, Object> replacements) {
    return replacements.containsKey(value) ? replacements.get(value) : value;
  }

  private static String where(GraphNode node) {
    return "'" + node.name() + "'" + (node.source() == null ? "" : " (" + node.source() + ")");
  }
}
