// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.Objects;

/**
 * The result of a node, to be passed to later nodes of the same graph.
 *
 * <p>Two values are equal if they are the same object.
 */
public final class GraphValue {

  private final String name;

  /**
   * Create a value for a node that is written without {@link GraphBuilder}.
   *
   * @param name the name of the node, unique in the graph
   */
  public GraphValue(String name) {
    this.name = Objects.requireNonNull(name, "name");
  }

  /**
   * Return the name of the node that makes this value.
   *
   * @return a name that is unique in the graph
   */
  public String name() {
    return name;
  }

  @Override
  public String toString() {
    return name;
  }
}
