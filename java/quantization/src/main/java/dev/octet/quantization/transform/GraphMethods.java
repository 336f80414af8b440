// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.tree.ModuleTree;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Module;

/** Goes over all methods of all graphs of a model. */
final class GraphMethods {

  private GraphMethods() {}

  /** The graphs of a model by the paths at which they are met first, parents before children. */
  static Map<String, GraphModule> graphs(Module model) {
    Map<String, GraphModule> graphs = new LinkedHashMap<>();
    Set<Module> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    ModuleTree.of(model)
        .nodes()
        .forEach(
            node -> {
              if (node.module() instanceof GraphModule graph && seen.add(graph)) {
                graphs.put(node.path(), graph);
              }
            });
    return graphs;
  }

  /** Change every method, and record those anew that were changed. */
  static void edit(Module model, BiConsumer<GraphModule, GraphEditor> change) {
    for (GraphModule graph : graphs(model).values()) {
      for (String name : List.copyOf(graph.methods().keySet())) {
        GraphEditor editor = new GraphEditor(graph.methods().get(name));
        change.accept(graph, editor);
        if (editor.isChanged()) {
          graph.replaceMethod(name, editor.method());
        }
      }
    }
  }

  /** The last names of all attributes that a graph sets; the same ones may be read by any path. */
  static Set<String> setNames(Module model) {
    Set<String> names = new HashSet<>();
    for (GraphModule graph : graphs(model).values()) {
      for (GraphMethod method : graph.methods().values()) {
        GraphNodes.visit(
            method.nodes(),
            node -> {
              if (node.kind() == GraphNode.Kind.SET_ATTRIBUTE) {
                names.add(lastName(node.target()));
              }
            });
      }
    }
    return names;
  }

  static String lastName(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
