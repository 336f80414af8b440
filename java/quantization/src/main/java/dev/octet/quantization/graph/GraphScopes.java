// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks that every value is made before it is used, where it can be seen, and numbers values. */
final class GraphScopes {

  private final Map<GraphValue, Integer> slots;
  private final Set<GraphValue> visible = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<String> names = new HashSet<>();

  private GraphScopes(Map<GraphValue, Integer> slots) {
    this.slots = slots;
  }

  static void number(GraphBlock body, Map<GraphValue, Integer> slots) {
    new GraphScopes(slots).visit(body);
  }

  private void visit(GraphBlock block) {
    List<GraphValue> made = new ArrayList<>();
    block.parameters().forEach(value -> define(value, made));
    for (GraphNode node : block.nodes()) {
      GraphValues.used(node.arguments(), value -> require(value, "node '" + node.name() + "'"));
      node.blocks().forEach(this::visit);
      define(node.result(), made);
    }
    GraphValues.used(block.outputs(), value -> require(value, "the output"));
    made.forEach(visible::remove);
  }

  private void define(GraphValue value, List<GraphValue> made) {
    if (slots.putIfAbsent(value, slots.size()) != null || !names.add(value.name())) {
      throw new IllegalArgumentException("two nodes are named '" + value + "'; names are unique");
    }
    visible.add(value);
    made.add(value);
  }

  private void require(GraphValue value, String user) {
    if (!visible.contains(value)) {
      throw new IllegalArgumentException(
          user
              + " uses '"
              + value
              + "', which "
              + (slots.containsKey(value) ? "belongs to another block" : "no earlier node makes"));
    }
  }
}
