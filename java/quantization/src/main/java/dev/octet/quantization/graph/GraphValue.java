// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

/**
 * The result of a node, to be passed to later nodes of the same graph.
 *
 * <p>Made by {@link GraphBuilder} only; two values are equal if they are the same object.
 */
public final class GraphValue {

  private final String name;

  GraphValue(String name) {
    this.name = name;
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
