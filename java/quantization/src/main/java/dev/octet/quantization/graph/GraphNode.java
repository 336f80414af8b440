// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;

/**
 * One step of a graph.
 *
 * @param result the value that the node makes; its name is the node's name
 * @param kind what the node does
 * @param target the input's name, the path of the module or attribute, the qualified operator with
 *     overload ({@code aten::add.Tensor}), or the index of the item
 * @param arguments the arguments: {@link GraphValue}, {@code Long}, {@code Double}, {@code
 *     Boolean}, {@code String}, null for None, or a list of these; for an operator all of its
 *     parameters, in the order of its schema; unmodifiable
 */
public record GraphNode(GraphValue result, Kind kind, String target, List<Object> arguments) {

  /** What a node does. */
  public enum Kind {
    /** Takes an argument of the graph. */
    INPUT,
    /** Calls a child. */
    CALL_MODULE,
    /** Calls an operator. */
    CALL_FUNCTION,
    /** Reads a parameter, buffer or constant. */
    GET_ATTRIBUTE,
    /** Takes one item of a list or tuple. */
    GET_ITEM
  }

  /**
   * Return the name of the node.
   *
   * @return the name of its result
   */
  public String name() {
    return result.name();
  }
}
