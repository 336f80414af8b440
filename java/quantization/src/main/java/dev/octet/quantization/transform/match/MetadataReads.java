// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Makes those nodes a part of a match that read the size, type or device of what is replaced, for
 * nobody else than the nodes that are replaced.
 */
final class MetadataReads {

  private static final int MAX_DEPTH = 4;

  private static final Set<String> READS =
      Set.of(
          "prim::dtype",
          "prim::device",
          "prim::layout",
          "aten::size",
          "aten::dim",
          "aten::full",
          "aten::expand_as");

  private final Match match;
  private final GraphEditor editor;

  MetadataReads(Match match) {
    this.match = match;
    editor = match.method().editor();
  }

  void include() {
    // Reads that the replacement needs stay, with what they read; writes must not stay with them.
    boolean writes =
        match.included().stream()
            .map(editor::producer)
            .anyMatch(node -> !match.method().effects().written(node).isEmpty());
    if (writes) {
      return;
    }
    for (GraphValue value : match.included()) {
      if (value == match.root().result()) {
        continue;
      }
      for (GraphNode user : editor.users(value)) {
        Set<GraphValue> reads = new LinkedHashSet<>();
        if (isForMatch(user, reads, MAX_DEPTH)) {
          reads.forEach(match::include);
        }
      }
    }
  }

  private boolean isForMatch(GraphNode node, Set<GraphValue> reads, int depth) {
    if (match.includes(node.result())) {
      return true;
    }
    if (depth == 0
        || !READS.contains(MatchedMethod.operatorOf(node))
        || editor.isOutput(node.result())
        || !editor.inSameBlock(node.result(), match.root().result())) {
      return false;
    }
    reads.add(node.result());
    List<GraphNode> users = new ArrayList<>(editor.users(node.result()));
    return users.stream().allMatch(user -> isForMatch(user, reads, depth - 1));
  }
}
