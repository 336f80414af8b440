// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;
import java.util.function.Consumer;

/** Walks over nodes. */
public final class GraphNodes {

  private GraphNodes() {}

  /**
   * Visit nodes and those in their blocks, in the order in which they are written.
   *
   * @param nodes the nodes of a method or block
   * @param visitor called with each
   */
  public static void visit(List<GraphNode> nodes, Consumer<GraphNode> visitor) {
    for (GraphNode node : nodes) {
      visitor.accept(node);
      node.blocks().forEach(block -> visit(block.nodes(), visitor));
    }
  }
}
