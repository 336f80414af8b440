// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Drops what only prepared weights for operators that are gone. */
final class DeadReads {

  private static final Set<String> PREPARING =
      Set.of("aten::t", "aten::transpose", "aten::numpy_T");

  private final Set<GraphValue> used = Collections.newSetFromMap(new IdentityHashMap<>());

  private DeadReads() {}

  static List<GraphNode> drop(List<GraphNode> nodes, Object output) {
    DeadReads reads = new DeadReads();
    GraphValues.used(output, reads.used::add);
    return reads.keep(nodes);
  }

  private List<GraphNode> keep(List<GraphNode> nodes) {
    List<GraphNode> kept = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      GraphNode node = nodes.get(i);
      if (!prepares(node) || used.contains(node.result())) {
        kept.add(inside(node));
        GraphValues.used(node.arguments(), used::add);
      }
    }
    Collections.reverse(kept);
    return kept;
  }

  private GraphNode inside(GraphNode node) {
    if (node.blocks().isEmpty()) {
      return node;
    }
    List<GraphBlock> blocks = new ArrayList<>();
    for (GraphBlock block : node.blocks()) {
      GraphValues.used(block.outputs(), used::add);
      blocks.add(new GraphBlock(block.parameters(), keep(block.nodes()), block.outputs()));
    }
    return new GraphNode(
        node.result(), node.kind(), node.target(), node.arguments(), blocks, node.source());
  }

  private static boolean prepares(GraphNode node) {
    return node.kind() == Kind.GET_ATTRIBUTE
        || node.kind() == Kind.CALL_FUNCTION
            && PREPARING.contains(Operators.withoutOverload(node.target()));
  }
}
