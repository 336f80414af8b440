// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphModule;
import java.util.function.Function;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Reads the tensors that attribute nodes stand for. */
final class TensorAttributes {

  private TensorAttributes() {}

  /**
   * Read something of a tensor that a graph or a module below it keeps.
   *
   * @param graph the graph
   * @param path the target of the node
   * @param reader what to read; it does not keep the tensor
   * @return what was read; null if there is no tensor at the path
   */
  static <T> T read(GraphModule graph, String path, Function<Tensor, T> reader) {
    int dot = path.lastIndexOf('.');
    Module owner = dot < 0 ? graph : graph.child(path.substring(0, dot));
    String name = path.substring(dot + 1);
    if (owner instanceof GraphModule holder) {
      GraphAttribute own = holder.attributes().get(name);
      return own == null ? null : reader.apply(own.tensor());
    }
    if (name.equals("training")) {
      return null;
    }
    try (Tensor tensor = graph.attribute(path)) {
      return reader.apply(tensor);
    }
  }
}
