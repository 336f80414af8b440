// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.List;

/** A node of a method that is being changed. */
final class EditedNode {

  /** Positions are this far apart at first, so that nodes can be inserted between. */
  static final long GAP = 1L << 20;

  final List<EditedBlock> blocks = new ArrayList<>();
  EditedBlock parent;
  EditedNode previous;
  EditedNode next;

  /** Increases in the order in which nodes are written, those of blocks after their node. */
  long position;

  private GraphNode node;

  EditedNode(GraphNode node) {
    this.node = node;
  }

  GraphValue result() {
    return node.result();
  }

  List<Object> arguments() {
    return node.arguments();
  }

  void arguments(List<Object> arguments) {
    node = node.withArguments(arguments);
  }

  /** The node as it is now, blocks included. */
  GraphNode current() {
    return blocks.isEmpty()
        ? node
        : new GraphNode(
            node.result(),
            node.kind(),
            node.target(),
            node.arguments(),
            blocks.stream().map(EditedBlock::current).toList(),
            node.source());
  }
}
