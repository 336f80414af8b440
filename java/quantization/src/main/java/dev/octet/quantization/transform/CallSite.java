// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import org.bytedeco.pytorch.Module;

/** A place from which a module of a model is called. */
sealed interface CallSite {

  /**
   * A node of a graph.
   *
   * @param graph the graph
   * @param path the graph's path in the model
   * @param method the method that has the node
   * @param node the node's result
   */
  record InGraph(GraphModule graph, String path, String method, GraphValue node)
      implements CallSite {}

  /**
   * A container that calls its children one after the other.
   *
   * @param previous the child that is called before; null for the first
   */
  record InChain(Module previous) implements CallSite {}

  /**
   * Code that cannot be seen.
   *
   * @param owner the type of the module whose code it is
   */
  record InCode(String owner) implements CallSite {}
}
