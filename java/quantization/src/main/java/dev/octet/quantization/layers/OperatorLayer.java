// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import java.util.Map;

/**
 * Operators that may be a layer.
 *
 * @param className the class of torch.nn, without its package
 * @param kind a short name of it
 * @param input what the layer is called with
 * @param forward what the class would have recorded: the operator on its input and tensors
 * @param tensors the tensors by the names that the class has for them
 * @param weight the name of the weight in the program
 * @param sum the node that adds the bias, where that is another one; its result is the layer's
 */
record OperatorLayer(
    String className,
    String kind,
    GraphValue input,
    GraphMethod forward,
    Map<String, GraphAttribute> tensors,
    String weight,
    GraphNode sum) {

  RecordedLayer recorded(boolean training) {
    return new RecordedLayer(
        KnownLayers.PREFIX + className, List.of(forward), tensors, Map.of(), Map.of(), training);
  }
}
