// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import dev.octet.quantization.graph.NodeEffects;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Module;

/**
 * Removes nodes whose results nobody uses.
 *
 * <p>Nodes that do more than make a result stay: those that change something in place, draw random
 * numbers, throw, or call code that cannot be seen.
 */
public final class DeadNodes {

  private DeadNodes() {}

  /**
   * Remove the dead nodes of all graphs of a model, in place.
   *
   * @param model any model; no run of it may be going on
   * @return how many nodes were removed
   */
  public static int remove(Module model) {
    int[] count = {0};
    GraphMethods.edit(
        model,
        (graph, editor) -> {
          List<GraphValue> all = new ArrayList<>();
          editor.nodes().forEach(node -> all.add(node.result()));
          count[0] += erase(editor, new NodeEffects(graph), all);
        });
    return count[0];
  }

  /**
   * Erase nodes of a method that nobody uses, and then what they alone have used.
   *
   * @param candidates the results of the nodes to look at; what is not erased stays
   * @return how many were erased
   */
  static int erase(GraphEditor editor, NodeEffects effects, Collection<GraphValue> candidates) {
    // The last first: then most have lost their users when their turn comes.
    Deque<GraphValue> open = new ArrayDeque<>(candidates);
    int count = 0;
    while (!open.isEmpty()) {
      GraphValue value = open.removeLast();
      GraphNode node = editor.producer(value);
      if (node == null || editor.useCount(value) > 0 || !effects.isPure(node)) {
        continue;
      }
      editor.erase(value);
      count++;
      GraphValues.used(node, open::addLast);
    }
    return count;
  }
}
