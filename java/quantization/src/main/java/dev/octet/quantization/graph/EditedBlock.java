// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.List;

/** A block of a method that is being changed, or the method's own list of nodes. */
final class EditedBlock {

  /** The node that controls the block; null for a method's own list. */
  final EditedNode owner;

  final List<GraphValue> parameters;
  List<Object> outputs;
  EditedNode first;
  EditedNode last;

  EditedBlock(EditedNode owner, List<GraphValue> parameters, List<Object> outputs) {
    this.owner = owner;
    this.parameters = parameters;
    this.outputs = outputs;
  }

  void append(EditedNode node) {
    node.parent = this;
    node.previous = last;
    if (last == null) {
      first = node;
    } else {
      last.next = node;
    }
    last = node;
  }

  void insertBefore(EditedNode place, EditedNode node) {
    node.parent = this;
    node.next = place;
    node.previous = place.previous;
    if (place.previous == null) {
      first = node;
    } else {
      place.previous.next = node;
    }
    place.previous = node;
  }

  void remove(EditedNode node) {
    if (node.previous == null) {
      first = node.next;
    } else {
      node.previous.next = node.next;
    }
    if (node.next == null) {
      last = node.previous;
    } else {
      node.next.previous = node.previous;
    }
  }

  /** Number the nodes, beginning after a position; returns the last one. */
  long number(long position) {
    long at = position;
    for (EditedNode node = first; node != null; node = node.next) {
      at += EditedNode.GAP;
      node.position = at;
      for (EditedBlock block : node.blocks) {
        at = block.number(at);
      }
    }
    return at;
  }

  List<GraphNode> nodes() {
    List<GraphNode> nodes = new ArrayList<>();
    for (EditedNode node = first; node != null; node = node.next) {
      nodes.add(node.current());
    }
    return nodes;
  }

  GraphBlock current() {
    return new GraphBlock(parameters, nodes(), outputs);
  }
}
