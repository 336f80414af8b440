// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;

/**
 * A recorded method of a graph; {@code forward} is the one that calling the module runs.
 *
 * @param inputs the arguments, in order
 * @param nodes the nodes, in the order in which they run
 * @param output what it returns: a {@link GraphValue}, a constant, null for None, or a list of
 *     these, which may be nested
 */
public record GraphMethod(List<GraphInput> inputs, List<GraphNode> nodes, Object output) {

  /** The method that calling a module runs. */
  public static final String FORWARD = "forward";

  /** Create a method. */
  public GraphMethod {
    inputs = List.copyOf(inputs);
    nodes = List.copyOf(nodes);
  }

  /**
   * Return the names of the arguments.
   *
   * @return in order
   */
  public List<String> inputNames() {
    return inputs.stream().map(GraphInput::name).toList();
  }
}
