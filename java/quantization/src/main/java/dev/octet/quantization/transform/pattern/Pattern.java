// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;

/**
 * Something that models spell out in several nodes, and what takes their place.
 *
 * <p>Implementations are immutable and may be used by several threads.
 */
public interface Pattern {

  /**
   * Return the name of the pattern.
   *
   * @return as reports show it
   */
  String name();

  /**
   * Tell, at little cost, whether the pattern can end at a node.
   *
   * @param node any node
   */
  boolean mayEndAt(GraphNode node);

  /**
   * Try to find the pattern.
   *
   * @param match says at which node, and takes what was found: names, the nodes to be replaced, and
   *     a reason where something looks like the pattern and is none
   * @return whether it is there; whether its nodes can be replaced is checked elsewhere
   */
  boolean matches(Match match);

  /**
   * Insert what takes the place of the nodes that were found.
   *
   * @param match an attempt that has succeeded
   * @return what is used from now on instead of the root's result
   */
  GraphValue rewrite(Match match);
}
