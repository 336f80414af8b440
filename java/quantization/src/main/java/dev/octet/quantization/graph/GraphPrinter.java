// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.List;
import java.util.stream.Collectors;

/** Prints graphs for people. */
final class GraphPrinter {

  private GraphPrinter() {}

  static String code(GraphModule graph) {
    StringBuilder code = new StringBuilder();
    code.append("graph(").append(String.join(", ", graph.inputs())).append("):\n");
    for (GraphNode node : graph.nodes()) {
      if (node.kind() != GraphNode.Kind.INPUT) {
        code.append("  ").append(line(node));
        if (node.kind() == GraphNode.Kind.CALL_MODULE) {
          code.append("  # ").append(ModuleTypes.typeName(graph.child(node.target())));
        }
        code.append('\n');
      }
    }
    return code.append("  return ").append(argument(graph.output())).append('\n').toString();
  }

  static String line(GraphNode node) {
    String expression =
        switch (node.kind()) {
          case INPUT -> "input " + node.target();
          case GET_ATTRIBUTE -> "self." + node.target();
          case GET_ITEM -> argument(node.arguments().get(0)) + "[" + node.target() + "]";
          case CALL_MODULE -> "self." + node.target() + arguments(node.arguments());
          case CALL_FUNCTION -> node.target() + arguments(node.arguments());
        };
    return node.name() + " = " + expression;
  }

  static String tree(GraphModule graph) {
    StringBuilder text = new StringBuilder();
    for (ModuleNode node : ModuleTree.of(graph).nodes()) {
      long depth =
          node.path().isEmpty() ? 0 : 1 + node.path().chars().filter(c -> c == '.').count();
      text.append("  ".repeat((int) depth))
          .append(node.path().isEmpty() ? "" : "(" + node.name() + "): ")
          .append(ModuleTypes.typeName(node.module()))
          .append(node.sameAs() == null ? "" : ", same as " + node.sameAs())
          .append('\n');
    }
    return text.toString();
  }

  private static String arguments(List<Object> arguments) {
    return arguments.stream()
        .map(GraphPrinter::argument)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  private static String argument(Object argument) {
    if (argument == null) {
      return "None";
    }
    if (argument instanceof String text) {
      return "'" + text + "'";
    }
    if (argument instanceof List<?> items) {
      return items.stream().map(GraphPrinter::argument).collect(Collectors.joining(", ", "[", "]"));
    }
    return argument.toString();
  }
}
