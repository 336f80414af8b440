// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Reads every parameter, buffer and constant once in a method, where it is read first.
 *
 * <p>What a graph of the model may set is read as often as before.
 */
public final class CommonAttributes {

  private final GraphEditor editor;
  private final Set<String> set;
  private int count;

  private CommonAttributes(GraphEditor editor, Set<String> set) {
    this.editor = editor;
    this.set = set;
  }

  /**
   * Merge the reads in all graphs of a model, in place.
   *
   * @param model any model; no run of it may be going on
   * @return how many nodes were removed
   */
  public static int merge(Module model) {
    Set<String> set = GraphMethods.setNames(model);
    int[] count = {0};
    GraphMethods.edit(
        model,
        (graph, editor) -> {
          CommonAttributes common = new CommonAttributes(editor, set);
          common.block(editor.method().nodes(), new HashMap<>());
          count[0] += common.count;
        });
    return count[0];
  }

  /** What was read before in an enclosing block can be seen, what was read in another cannot. */
  private void block(List<GraphNode> nodes, Map<String, GraphValue> outer) {
    Map<String, GraphValue> read = new HashMap<>(outer);
    for (GraphNode node : nodes) {
      if (node.kind() == GraphNode.Kind.GET_ATTRIBUTE
          && !set.contains(GraphMethods.lastName(node.target()))) {
        GraphValue first = read.putIfAbsent(node.target(), node.result());
        if (first != null) {
          editor.replaceUses(node.result(), first);
          editor.erase(node.result());
          count++;
        }
      }
      for (GraphBlock block : node.blocks()) {
        block(block.nodes(), read);
      }
    }
  }
}
