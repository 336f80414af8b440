// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphAliases;
import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells whether the nodes of a match can be replaced by one that runs in the place of the last of
 * them: nobody else may use what lies between, and no writing to memory may come between or get
 * lost.
 */
final class Obstacles {

  private final Match match;
  private final GraphEditor editor;
  private final GraphAliases aliases;
  private final GraphValue root;
  private final Set<GraphValue> included;
  private final List<GraphNode> nodes = new ArrayList<>();

  Obstacles(Match match) {
    this.match = match;
    editor = match.method().editor();
    aliases = match.method().aliases();
    root = match.root().result();
    included = match.included();
    included.forEach(value -> nodes.add(editor.producer(value)));
  }

  /** What stands in the way, in words; null if nothing does. */
  String find() {
    for (GraphNode node : nodes) {
      String obstacle = node.result() == root ? null : otherUse(node);
      obstacle = obstacle == null ? ownWrite(node) : obstacle;
      if (obstacle != null) {
        return obstacle;
      }
    }
    return writeBetween();
  }

  private String otherUse(GraphNode node) {
    if (!editor.inSameBlock(node.result(), root)) {
      return "'" + node.name() + "' is computed outside of the block";
    }
    if (editor.isOutput(node.result())) {
      return "'" + node.name() + "' is returned as well";
    }
    for (GraphNode user : editor.users(node.result())) {
      if (!included.contains(user.result())) {
        return "'" + node.name() + "' is used by '" + user.name() + "' as well";
      }
    }
    return null;
  }

  /** A node that works in place can go only if nobody sees what it has written. */
  private String ownWrite(GraphNode writer) {
    for (GraphValue written : match.method().effects().written(writer)) {
      for (GraphValue value : aliases.sharing(written)) {
        if (!included.contains(value) && mayShow(value, writer)) {
          return "'" + writer.name() + "' writes to '" + value + "', which may be used later";
        }
      }
    }
    return null;
  }

  private boolean mayShow(GraphValue value, GraphNode writer) {
    GraphNode producer = editor.producer(value);
    if (producer == null) {
      return editor.useCount(value) > 0;
    }
    return producer.kind() == GraphNode.Kind.INPUT
        || producer.kind() == GraphNode.Kind.GET_ATTRIBUTE
        || !editor.inSameBlock(value, root)
        || editor.isOutput(value)
        || editor.users(value).stream()
            .anyMatch(
                user ->
                    !included.contains(user.result())
                        && editor.position(user.result()) > editor.position(writer.result()));
  }

  /** Whether a node that stays changes, on the way, what the replacement will read. */
  private String writeBetween() {
    long first = nodes.stream().mapToLong(node -> editor.position(node.result())).min().orElse(0);
    long last = editor.position(root);
    Set<GraphValue> read = new LinkedHashSet<>();
    nodes.forEach(node -> GraphValues.used(node.arguments(), read::add));
    for (GraphValue value : read) {
      for (GraphValue writer : aliases.writers(value)) {
        if (editor.producer(writer) == null || included.contains(writer)) {
          continue;
        }
        long position = editor.position(writer);
        if (position > first && position < last) {
          return "'" + writer + "' may change '" + value + "' in between";
        }
      }
    }
    return null;
  }
}
