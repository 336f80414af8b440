// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tells which values of a method may share memory, and which nodes may write to it.
 *
 * <p>Values are put into groups; values of different groups share no memory, those of one group
 * may. The arguments of the method are one group, since a caller may pass the same tensor twice.
 * Nodes that are inserted later have to be {@linkplain #add added}. Not thread-safe.
 */
public final class GraphAliases {

  private final NodeEffects effects;
  private final Map<GraphValue, Group> groups = new HashMap<>();
  private final TreeMap<String, GraphValue> attributes = new TreeMap<>();
  private GraphValue inputs;

  /**
   * Look at a method.
   *
   * @param editor the method
   * @param effects tells what its nodes do
   */
  public GraphAliases(GraphEditor editor, NodeEffects effects) {
    this.effects = effects;
    List<GraphNode> nodes = editor.nodes();
    nodes.forEach(this::join);
    nodes.forEach(this::addWrites);
  }

  /**
   * Take a node in that was inserted.
   *
   * @param node a node without blocks
   */
  public void add(GraphNode node) {
    join(node);
    addWrites(node);
  }

  private void join(GraphNode node) {
    GraphValue result = node.result();
    switch (node.kind()) {
      case INPUT -> {
        inputs = inputs == null ? result : inputs;
        join(result, inputs);
      }
      case GET_ATTRIBUTE, SET_ATTRIBUTE ->
          join(result, attributes.computeIfAbsent(node.target(), target -> result));
      default -> {}
    }
    effects.aliased(node).forEach(value -> join(result, value));
    for (GraphBlock block : node.blocks()) {
      block.parameters().forEach(parameter -> join(result, parameter));
      GraphValues.used(block.outputs(), value -> join(result, value));
    }
  }

  private void join(GraphValue a, GraphValue b) {
    Group one = group(a);
    Group other = group(b);
    if (one == other) {
      return;
    }
    Group large = one.values.size() < other.values.size() ? other : one;
    Group small = large == one ? other : one;
    large.values.addAll(small.values);
    large.writers.addAll(small.writers);
    small.values.forEach(value -> groups.put(value, large));
  }

  private Group group(GraphValue value) {
    return groups.computeIfAbsent(value, Group::new);
  }

  private void addWrites(GraphNode node) {
    effects.written(node).forEach(value -> group(value).writers.add(node.result()));
    boolean calls =
        node.kind() == GraphNode.Kind.CALL_MODULE || node.kind() == GraphNode.Kind.CALL_METHOD;
    if (calls && !effects.isPure(node)) {
      int dot = node.target().lastIndexOf('.');
      boolean method = node.kind() == GraphNode.Kind.CALL_METHOD;
      String path = method ? node.target().substring(0, dot) : node.target();
      attributes
          .subMap(path + ".", path + "/")
          .values()
          .forEach(value -> group(value).writers.add(node.result()));
    } else if (node.kind() == GraphNode.Kind.SET_ATTRIBUTE) {
      group(node.result()).writers.add(node.result());
    }
  }

  /**
   * Tell whether two values may share memory.
   *
   * @param a a value of the method
   * @param b a value of the method
   */
  public boolean mayShare(GraphValue a, GraphValue b) {
    return group(a) == group(b);
  }

  /**
   * Tell whether any node may write to the memory of a value.
   *
   * @param value a value of the method
   */
  public boolean isWritten(GraphValue value) {
    return !group(value).writers.isEmpty();
  }

  /**
   * Return the values that may share memory with a value.
   *
   * @param value a value of the method
   * @return the value itself among them; values whose nodes were erased may be there, too
   */
  public List<GraphValue> sharing(GraphValue value) {
    return List.copyOf(group(value).values);
  }

  /**
   * Return the nodes that may write to the memory of a value.
   *
   * @param value a value of the method
   * @return the results of the nodes; nodes that were erased may be among them
   */
  public List<GraphValue> writers(GraphValue value) {
    return List.copyOf(group(value).writers);
  }

  /** Values that may share memory. */
  private static final class Group {
    final List<GraphValue> values = new ArrayList<>();
    final List<GraphValue> writers = new ArrayList<>();

    Group(GraphValue value) {
      values.add(value);
    }
  }
}
