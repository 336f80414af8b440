// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Makes layers of operators: programs that were frozen or inlined have no modules left, only
 * operators on weights.
 *
 * <p>Linear layers, convolutions, normalizations and embeddings become the presets' modules, so
 * that a map can convert them. All else stays as it is. A weight that several operators use with
 * equal arguments makes one module that is called several times.
 */
public final class OperatorLayers {

  private final OperatorReader reader;
  private final LayerPlaces places;

  private OperatorLayers(OperatorReader reader, LayerPlaces places) {
    this.reader = reader;
    this.places = places;
  }

  /**
   * Replace operators of a method, and of the blocks in it, by calls of modules.
   *
   * <p>A module is named after its weight: that of {@code encoder.layer.0.weight} is {@code
   * encoder.layer.0}. Where that says nothing, or the name is taken, it is named by its kind and
   * number: {@code linear_0}.
   *
   * @param method the method; attributes are read by the names in {@code tensors}
   * @param tensors the parameters, buffers and constants that the method reads, by dotted path
   * @param children the modules that the graph has; a layer that is there already under the name of
   *     the weight, and was made by {@code layers}, is called itself
   * @param training the mode of new modules that were not recorded in one mode
   * @param layers makes the modules; the one that recognised the rest of the model
   * @return the method and the modules; the given ones are not changed
   */
  public static RebuiltGraph rebuild(
      GraphMethod method,
      Map<String, GraphAttribute> tensors,
      Map<String, Module> children,
      boolean training,
      KnownLayers layers) {
    LayerPlaces places = new LayerPlaces(layers, children, training);
    try (OperatorReader reader = new OperatorReader(method, tensors)) {
      return new OperatorLayers(reader, places).run(method, tensors.keySet());
    }
  }

  private RebuiltGraph run(GraphMethod method, Set<String> tensors) {
    List<GraphNode> called = replaceIn(method.nodes());
    List<GraphNode> nodes = DeadReads.drop(called, method.output());
    GraphMethod rebuilt = new GraphMethod(method.inputs(), nodes, method.output());
    Set<String> unread = new LinkedHashSet<>(reads(method.nodes()));
    unread.removeAll(reads(nodes));
    unread.retainAll(tensors);
    return new RebuiltGraph(rebuilt, places.modules(), places.children(), unread);
  }

  private List<GraphNode> replaceIn(List<GraphNode> nodes) {
    Set<GraphNode> here = identitySet();
    here.addAll(nodes);
    Set<GraphNode> gone = identitySet();
    List<GraphNode> replaced = new ArrayList<>();
    for (GraphNode node : nodes) {
      if (gone.contains(node)) {
        continue;
      }
      Optional<OperatorLayer> layer =
          reader
              .layer(node)
              .filter(found -> found.sum() == null || here.contains(found.sum()))
              .or(() -> reader.layerAlone(node));
      Optional<String> path = layer.flatMap(places::pathOf);
      if (path.isPresent()) {
        if (layer.get().sum() != null) {
          gone.add(layer.get().sum());
        }
        replaced.add(call(path.get(), layer.get(), node));
      } else {
        replaced.add(inBlocks(node));
      }
    }
    return replaced;
  }

  private static Set<GraphNode> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  private static GraphNode call(String path, OperatorLayer layer, GraphNode node) {
    return new GraphNode(
        layer.sum() == null ? node.result() : layer.sum().result(),
        GraphNode.Kind.CALL_MODULE,
        path,
        List.of(layer.input()),
        List.of(),
        node.source());
  }

  private GraphNode inBlocks(GraphNode node) {
    if (node.blocks().isEmpty()) {
      return node;
    }
    List<GraphBlock> blocks = new ArrayList<>();
    for (GraphBlock block : node.blocks()) {
      blocks.add(new GraphBlock(block.parameters(), replaceIn(block.nodes()), block.outputs()));
    }
    return new GraphNode(
        node.result(), node.kind(), node.target(), node.arguments(), blocks, node.source());
  }

  private static Set<String> reads(List<GraphNode> nodes) {
    Set<String> names = new LinkedHashSet<>();
    GraphNodes.visit(
        nodes,
        node -> {
          if (node.kind() == GraphNode.Kind.GET_ATTRIBUTE) {
            names.add(node.target());
          }
        });
    return names;
  }
}
