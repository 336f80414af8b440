// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** Finds and replaces the values that nodes and outputs use. */
public final class GraphValues {

  private GraphValues() {}

  /**
   * Visit the values in an argument or output.
   *
   * @param argument a value, a constant, or a list of these
   * @param visitor called once for every occurrence
   */
  public static void used(Object argument, Consumer<GraphValue> visitor) {
    if (argument instanceof GraphValue value) {
      visitor.accept(value);
    } else if (argument instanceof List<?> items) {
      items.forEach(item -> used(item, visitor));
    }
  }

  /**
   * Visit the values that a node uses and does not make itself, those in its blocks included.
   *
   * @param node a node
   * @param visitor called once for every occurrence; also for values that the blocks themselves
   *     make
   */
  public static void used(GraphNode node, Consumer<GraphValue> visitor) {
    used(node.arguments(), visitor);
    for (GraphBlock block : node.blocks()) {
      block.nodes().forEach(inner -> used(inner, visitor));
      used(block.outputs(), visitor);
    }
  }

  /**
   * Replace the values in an argument or output.
   *
   * @param argument a value, a constant, or a list of these
   * @param replacement gives for every value what takes its place, which may be the value itself
   * @return the argument with the replacements
   */
  public static Object replace(Object argument, Function<GraphValue, Object> replacement) {
    if (argument instanceof GraphValue value) {
      return replacement.apply(value);
    }
    if (argument instanceof List<?> items) {
      List<Object> replaced = new ArrayList<>(items.size());
      items.forEach(item -> replaced.add(replace(item, replacement)));
      return Collections.unmodifiableList(replaced);
    }
    return argument;
  }

  /**
   * Replace the values that a node uses, those in its blocks included.
   *
   * @param node a node
   * @param replacement gives for every value what takes its place
   * @return a node with the same result and kind
   */
  @SuppressWarnings("unchecked")
  public static GraphNode replace(GraphNode node, Function<GraphValue, Object> replacement) {
    List<GraphBlock> blocks = new ArrayList<>();
    for (GraphBlock block : node.blocks()) {
      blocks.add(
          new GraphBlock(
              block.parameters(),
              block.nodes().stream().map(inner -> replace(inner, replacement)).toList(),
              (List<Object>) replace(block.outputs(), replacement)));
    }
    return new GraphNode(
        node.result(),
        node.kind(),
        node.target(),
        (List<Object>) replace(node.arguments(), replacement),
        blocks,
        node.source());
  }
}
