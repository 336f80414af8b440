// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphConstants;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Drops nodes that nothing uses and that have no effect. */
final class GraphCleanup {

  private final Set<GraphValue> used = Collections.newSetFromMap(new IdentityHashMap<>());

  private GraphCleanup() {}

  static GraphMethod clean(GraphMethod method) {
    GraphCleanup cleanup = new GraphCleanup();
    GraphValues.used(method.output(), cleanup.used::add);
    return new GraphMethod(method.inputs(), cleanup.keep(method.nodes()), method.output());
  }

  private List<GraphNode> keep(List<GraphNode> nodes) {
    List<GraphNode> kept = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      GraphNode node = nodes.get(i);
      if (!used.contains(node.result()) && !hasEffect(node)) {
        continue;
      }
      List<GraphBlock> blocks = new ArrayList<>();
      for (GraphBlock block : node.blocks()) {
        GraphValues.used(block.outputs(), used::add);
        blocks.add(new GraphBlock(block.parameters(), keep(block.nodes()), block.outputs()));
      }
      GraphValues.used(node.arguments(), used::add);
      kept.add(
          new GraphNode(
              node.result(), node.kind(), node.target(), node.arguments(), blocks, node.source()));
    }
    Collections.reverse(kept);
    return kept;
  }

  private static boolean hasEffect(GraphNode node) {
    return switch (node.kind()) {
      case GET_ATTRIBUTE, GET_ITEM, LIST, DICT, IS_INSTANCE -> false;
      case INPUT, CALL_MODULE, CALL_METHOD, SET_ATTRIBUTE, RAISE -> true;
      case CALL_FUNCTION -> GraphConstants.hasEffect(node.target());
      case IF, LOOP ->
          node.kind() == GraphNode.Kind.LOOP
              || node.blocks().stream()
                  .flatMap(block -> block.nodes().stream())
                  .anyMatch(GraphCleanup::hasEffect);
    };
  }
}
