// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.layers.KnownLayers;
import dev.octet.quantization.layers.OperatorLayers;
import dev.octet.quantization.layers.RebuiltGraph;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/**
 * Rebuilds the layers of models that were frozen or inlined, whose operators read the weights
 * themselves.
 */
final class FrozenGraphs {

  private FrozenGraphs() {}

  /**
   * Rebuild a model if it calls no modules.
   *
   * @return the model with layers, or the graph itself if there is nothing to rebuild
   */
  static GraphModule rebuild(GraphModule graph, KnownLayers layers, List<String> notes) {
    GraphMethod forward = graph.methods().get(GraphMethod.FORWARD);
    if (forward == null || callsModules(forward) || readsOwnParameters(graph, forward)) {
      return graph;
    }
    GraphDefinition whole = graph.definition();
    List<Tensor> handles = new ArrayList<>();
    try {
      Map<String, GraphAttribute> tensors = tensors(graph, forward, handles);
      RebuiltGraph rebuilt =
          OperatorLayers.rebuild(forward, tensors, whole.children(), whole.training(), layers);
      if (rebuilt.modules().isEmpty()) {
        return graph;
      }
      notes.add(note(rebuilt));
      GraphModule result = GraphModule.of(with(whole, rebuilt));
      graph.close();
      return result;
    } finally {
      handles.forEach(Tensor::close);
    }
  }

  private static boolean callsModules(GraphMethod method) {
    boolean[] calls = {false};
    GraphNodes.visit(
        method.nodes(),
        node ->
            calls[0] |=
                node.kind() == GraphNode.Kind.CALL_MODULE
                    || node.kind() == GraphNode.Kind.CALL_METHOD);
    return calls[0];
  }

  /** Whether the weights are the model's own: then it was written so, and keeps their names. */
  private static boolean readsOwnParameters(GraphModule graph, GraphMethod method) {
    boolean[] reads = {false};
    GraphNodes.visit(
        method.nodes(),
        node -> {
          GraphAttribute own =
              node.kind() == GraphNode.Kind.GET_ATTRIBUTE
                  ? graph.attributes().get(node.target())
                  : null;
          reads[0] |= own != null && own.kind() == GraphAttribute.Kind.PARAMETER;
        });
    return reads[0];
  }

  /** The tensors that a method reads, by path. */
  private static Map<String, GraphAttribute> tensors(
      GraphModule graph, GraphMethod method, List<Tensor> handles) {
    Map<String, GraphAttribute> tensors = new LinkedHashMap<>(graph.attributes());
    GraphNodes.visit(
        method.nodes(),
        node -> {
          String path = node.target();
          int dot = path.lastIndexOf('.');
          boolean below =
              node.kind() == GraphNode.Kind.GET_ATTRIBUTE
                  && !tensors.containsKey(path)
                  && dot > 0
                  && !path.endsWith("." + ScriptObject.TRAINING);
          if (below) {
            Tensor tensor = graph.attribute(path);
            handles.add(tensor);
            Module owner = graph.child(path.substring(0, dot));
            tensors.put(path, new GraphAttribute(tensor, kind(owner, path.substring(dot + 1))));
          }
        });
    return tensors;
  }

  private static GraphAttribute.Kind kind(Module owner, String name) {
    try (StringTensorDict parameters = owner.named_parameters(false)) {
      return parameters.find(name) != null
          ? GraphAttribute.Kind.PARAMETER
          : GraphAttribute.Kind.BUFFER;
    }
  }

  private static GraphDefinition with(GraphDefinition whole, RebuiltGraph rebuilt) {
    Map<String, GraphMethod> methods = new LinkedHashMap<>(whole.methods());
    methods.put(GraphMethod.FORWARD, rebuilt.method());
    Map<String, GraphAttribute> attributes = new LinkedHashMap<>(whole.attributes());
    attributes.keySet().removeAll(rebuilt.unread());
    whole
        .methods()
        .forEach(
            (name, method) -> {
              if (!name.equals(GraphMethod.FORWARD)) {
                GraphNodes.visit(method.nodes(), node -> restore(node.target(), whole, attributes));
              }
            });
    return new GraphDefinition(
        whole.typeName(),
        rebuilt.children(),
        attributes,
        whole.variables(),
        methods,
        whole.training());
  }

  /** What another method reads stays. */
  private static void restore(
      String target, GraphDefinition whole, Map<String, GraphAttribute> attributes) {
    if (whole.attributes().containsKey(target)) {
      attributes.put(target, whole.attributes().get(target));
    }
  }

  private static String note(RebuiltGraph rebuilt) {
    Map<String, Integer> counts = new TreeMap<>();
    rebuilt
        .modules()
        .values()
        .forEach(module -> counts.merge(ModuleTypes.typeName(module), 1, Integer::sum));
    return "the model was frozen or inlined and calls no modules; rebuilt from its operators: "
        + counts;
  }
}
