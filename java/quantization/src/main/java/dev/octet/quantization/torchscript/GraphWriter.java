// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Collects the nodes of one method, block by block, and names them. */
final class GraphWriter {

  private final List<GraphNode> inputs = new ArrayList<>();
  private final Map<String, GraphNode> reads = new LinkedHashMap<>();
  private final List<List<GraphNode>> open = new ArrayList<>();
  private final Map<String, Integer> counts = new HashMap<>();
  private final Set<String> names = new HashSet<>();

  /** The place in the original program of the nodes that are added. */
  String source;

  GraphWriter() {
    begin();
  }

  /** How many blocks are open. */
  int depth() {
    return open.size();
  }

  /** Begin the nodes of a block. */
  void begin() {
    open.add(new ArrayList<>());
  }

  /** End the block begun last. */
  List<GraphNode> end() {
    return open.remove(open.size() - 1);
  }

  /** The nodes of the whole method. */
  List<GraphNode> finish() {
    List<GraphNode> all = new ArrayList<>(inputs);
    all.addAll(reads.values());
    all.addAll(end());
    return all;
  }

  GraphValue input(String name) {
    GraphValue value = value(name, name);
    inputs.add(new GraphNode(value, GraphNode.Kind.INPUT, name, List.of()));
    return value;
  }

  /** A value that is the same throughout a run: read once, before all else. */
  GraphValue read(String path) {
    GraphNode node = reads.get(path);
    if (node == null) {
      node = node(path.replace('.', '_'), "", GraphNode.Kind.GET_ATTRIBUTE, path, List.of());
      reads.put(path, node);
    }
    return node.result();
  }

  GraphValue add(
      String name, String fallback, GraphNode.Kind kind, String target, List<Object> arguments) {
    GraphNode node = node(name, fallback, kind, target, arguments);
    open.get(open.size() - 1).add(node);
    return node.result();
  }

  void add(GraphNode node) {
    open.get(open.size() - 1).add(node);
  }

  private GraphNode node(
      String name, String fallback, GraphNode.Kind kind, String target, List<Object> arguments) {
    return new GraphNode(value(name, fallback), kind, target, arguments, List.of(), source);
  }

  /** A new value; names that say nothing give way to the fallback. */
  GraphValue value(String name, String fallback) {
    int dot = name.indexOf('.');
    String base = dot > 0 ? name.substring(0, dot) : name;
    if (base.isEmpty() || Character.isDigit(base.charAt(0)) || base.matches("_\\d+")) {
      base = fallback;
    }
    String unique = base;
    while (!names.add(unique)) {
      unique = base + "_" + counts.merge(base, 1, Integer::sum);
    }
    return new GraphValue(unique);
  }
}
