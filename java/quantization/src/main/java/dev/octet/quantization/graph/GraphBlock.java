// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Nodes that run together, under the control of one node. They may use the values of the nodes
 * around them.
 *
 * @param parameters the values that the controlling node provides
 * @param nodes in the order in which they run
 * @param outputs what the block hands back: values, constants, or lists of these
 */
public record GraphBlock(List<GraphValue> parameters, List<GraphNode> nodes, List<Object> outputs) {

  /** Create a block. */
  public GraphBlock {
    parameters = List.copyOf(parameters);
    nodes = List.copyOf(nodes);
    outputs = Collections.unmodifiableList(new ArrayList<>(outputs));
  }
}
