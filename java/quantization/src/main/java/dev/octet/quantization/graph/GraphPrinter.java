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
    graph
        .methods()
        .forEach(
            (name, method) -> {
              code.append(name.equals(GraphMethod.FORWARD) ? "graph" : name)
                  .append('(')
                  .append(String.join(", ", method.inputNames()))
                  .append("):\n");
              nodes(method.nodes(), graph, 1, code);
              code.append("  return ").append(argument(method.output())).append('\n');
            });
    return code.toString();
  }

  private static void nodes(
      List<GraphNode> nodes, GraphModule graph, int depth, StringBuilder code) {
    for (GraphNode node : nodes) {
      if (node.kind() == GraphNode.Kind.INPUT) {
        continue;
      }
      code.append("  ".repeat(depth)).append(line(node));
      if (node.kind() == GraphNode.Kind.CALL_MODULE) {
        code.append("  # ").append(ModuleTypes.typeName(graph.child(node.target())));
      }
      code.append('\n');
      for (GraphBlock block : node.blocks()) {
        code.append("  ".repeat(depth + 1))
            .append("block")
            .append(arguments(List.copyOf(block.parameters())))
            .append(":\n");
        nodes(block.nodes(), graph, depth + 2, code);
        code.append("  ".repeat(depth + 2)).append("-> ").append(argument(block.outputs()));
        code.append('\n');
      }
    }
  }

  /** A node and its place in the program that it was recorded from. */
  static String where(GraphNode node) {
    return node.source() == null ? line(node) : line(node) + ", recorded from " + node.source();
  }

  static String line(GraphNode node) {
    String expression =
        switch (node.kind()) {
          case INPUT -> "input " + node.target();
          case GET_ATTRIBUTE -> "self." + node.target();
          case SET_ATTRIBUTE ->
              "self." + node.target() + " := " + argument(node.arguments().get(0));
          case GET_ITEM -> argument(node.arguments().get(0)) + "[" + node.target() + "]";
          case CALL_MODULE, CALL_METHOD -> "self." + node.target() + arguments(node.arguments());
          case CALL_FUNCTION, LIST, DICT -> node.target() + arguments(node.arguments());
          case IS_INSTANCE -> argument(node.arguments().get(0)) + " is a " + node.target();
          case IF -> "if" + arguments(node.arguments());
          case LOOP -> "loop" + arguments(node.arguments());
          case RAISE -> "raise" + arguments(node.arguments());
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
